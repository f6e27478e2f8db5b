# Install the twilio-cli from https://twil.io/cli

twilio api:chat:v2:services:bindings:remove \
   --service-sid ISXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX \
   --sid BSXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX
