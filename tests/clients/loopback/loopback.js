const twilio = require("twilio");

module.exports = function clientAt(url, accountSid, authToken) {
  const client = twilio(accountSid, authToken);
  client.chat.baseUrl = url;
  return client;
};
