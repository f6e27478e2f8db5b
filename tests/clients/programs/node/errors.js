// Print what the SDK's own exception says, in each case in which it should be thrown.
const twilio = require("twilio");

const accountSid = process.env.TWILIO_ACCOUNT_SID;
const client = twilio(accountSid, process.env.TWILIO_AUTH_TOKEN);
const stranger = twilio(accountSid, "0".repeat(32));
const [serviceSid, absentService, absentBinding, foreignService] = process.argv.slice(2);

const bindingsOf = (someone, sid = serviceSid) => someone.chat.v2.services(sid).bindings;

async function thrown(request) {
  try {
    await request();
  } catch (error) {
    if (!(error instanceof twilio.RestException)) {
      throw error;
    }
    return { code: error.code, status: error.status, message: error.message };
  }
  return null;
}

const cases = {
  "fetch of an absent binding": () => bindingsOf(client)(absentBinding).fetch(),
  "delete of an absent binding": () => bindingsOf(client)(absentBinding).remove(),
  "fetch of a malformed SID": () => bindingsOf(client)("nothing").fetch(),
  "list of an absent service": () => bindingsOf(client, absentService).list(),
  "list of another account's service": () => bindingsOf(client, foreignService).list(),
  "fetch with a wrong token": () => bindingsOf(stranger)(absentBinding).fetch(),
  "delete with a wrong token": () => bindingsOf(stranger)(absentBinding).remove(),
  "list with a wrong token": () => bindingsOf(stranger).list(),
  "list with a limit over the largest page": () => bindingsOf(client).list({ limit: 2000 }),
  "list with a limit over it, and a page size": () => bindingsOf(client).list({ limit: 2000, pageSize: 1000 }),
};

async function main() {
  const results = {};
  for (const [name, request] of Object.entries(cases)) {
    results[name] = await thrown(request);
  }
  process.stdout.write(JSON.stringify(results));
}

main();
