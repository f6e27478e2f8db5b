# Print what a list of pages of one holds, and the status of a fetch of what is not there.
# TWILIO_RUBY names the folder `lib` of twilio-ruby, where it is there.

require 'json'

$LOAD_PATH.unshift(ENV.fetch('TWILIO_RUBY', __dir__))
require_relative '../../loopback/loopback'

url, account_sid, auth_token, service_sid = ARGV
client = client_at(url, account_sid, auth_token)
get = ->(address) { client.request('https://chat.twilio.com', 443, 'GET', address) }
bindings = "https://chat.twilio.com/v2/Services/#{service_sid}/Bindings"
listed = []
following = "#{bindings}?PageSize=1"
while following
  page = get.call(following).body
  listed += page['bindings'].map { |binding| binding['sid'] }
  following = page['meta']['next_page_url']
end
print JSON.generate(listed: listed, absent: get.call("#{bindings}/BS#{'f' * 32}").status_code)
