# Install the twilio-cli from https://twil.io/cli

twilio api:chat:v2:services:bindings:list \
   --service-sid ISXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX \
   --limit 20
