LOOPBACK_URL=http://127.0.0.1:8000 NODE_OPTIONS="--require ./loopback.cjs" \
twilio api:chat:v2:services:bindings:list --service-sid ISXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX --limit 20
