// Print all properties of all Bindings of a list, and of the first again, fetched by itself.
const client = require("twilio")(process.env.TWILIO_ACCOUNT_SID, process.env.TWILIO_AUTH_TOKEN);
const service = client.chat.v2.services(process.argv[2]);

const time = (date) => date.toISOString().replace(".000Z", "Z");

const properties = (binding) => ({
  sid: binding.sid,
  account_sid: binding.accountSid,
  service_sid: binding.serviceSid,
  date_created: time(binding.dateCreated),
  date_updated: time(binding.dateUpdated),
  endpoint: binding.endpoint,
  identity: binding.identity,
  binding_type: binding.bindingType,
  credential_sid: binding.credentialSid,
  message_types: binding.messageTypes,
  url: binding.url,
  links: binding.links,
});

async function main() {
  const listed = await service.bindings.list();
  const fetched = await service.bindings(listed[0].sid).fetch();
  process.stdout.write(JSON.stringify({ listed: listed.map(properties), fetched: properties(fetched) }));
}

main();
