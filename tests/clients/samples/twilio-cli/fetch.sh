# Install the twilio-cli from https://twil.io/cli

twilio api:chat:v2:services:bindings:fetch \
   --service-sid ISXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX \
   --sid BSXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX
