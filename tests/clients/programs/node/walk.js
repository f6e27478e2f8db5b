// Print what a list holds, at once and page by page to its end and back, for each page size that is named.
const client = require("twilio")(process.env.TWILIO_ACCOUNT_SID, process.env.TWILIO_AUTH_TOKEN);
const [serviceSid, ...sizes] = process.argv.slice(2);
const { bindings } = client.chat.v2.services(serviceSid);

const sids = (list) => list.map((binding) => binding.sid);

async function walk(options) {
  const forwards = [];
  const back = [];
  let last;
  for (let page = await bindings.page(options); page; page = await page.nextPage()) {
    last = page;
    forwards.push(sids(page.instances));
  }
  for (let page = await last.previousPage(); page; page = await page.previousPage()) {
    back.push(sids(page.instances));
  }
  return { listed: sids(await bindings.list(options)), forwards, back };
}

async function main() {
  const walks = [];
  for (const size of sizes) {
    walks.push(await walk(size === "default" ? {} : { pageSize: Number(size) }));
  }
  process.stdout.write(JSON.stringify(walks));
}

main();
