// Print, for each filter of standard input, the SIDs of the Bindings that it lets through.
const { readFileSync } = require("node:fs");

const client = require("twilio")(process.env.TWILIO_ACCOUNT_SID, process.env.TWILIO_AUTH_TOKEN);
const { bindings } = client.chat.v2.services(process.argv[2]);

async function main() {
  const found = [];
  const wanted = JSON.parse(readFileSync(0, "utf8"));
  for (const { binding_type: bindingType, identity, page_size: pageSize } of wanted) {
    const list = await bindings.list({ bindingType, identity, pageSize });
    found.push(list.map((binding) => binding.sid));
  }
  process.stdout.write(JSON.stringify(found));
}

main();
