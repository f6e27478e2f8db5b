// Print the SIDs of the Bindings that an API key may list.
const { TWILIO_API_KEY, TWILIO_API_SECRET, TWILIO_ACCOUNT_SID } = process.env;
const client = require("twilio")(TWILIO_API_KEY, TWILIO_API_SECRET, { accountSid: TWILIO_ACCOUNT_SID });

client.chat.v2
  .services(process.argv[2])
  .bindings.list()
  .then((list) => process.stdout.write(JSON.stringify(list.map((binding) => binding.sid))));
