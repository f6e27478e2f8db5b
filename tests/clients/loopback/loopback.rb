require 'twilio-ruby'

class Loopback < Twilio::HTTP::Client
  def initialize(server)
    super()
    @server = server
  end

  def request(host, port, method, url, *rest)
    super(host, port, method, url.sub('https://chat.twilio.com', @server), *rest)
  end
end

def client_at(url, account_sid, auth_token)
  Twilio::REST::Client.new(account_sid, auth_token, nil, nil, Loopback.new(url))
end
