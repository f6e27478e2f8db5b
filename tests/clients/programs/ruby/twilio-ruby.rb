# A stand-in for twilio-ruby, which comes as a gem alone: what of it sends requests.

require 'json'
require 'net/http'

module Twilio
  Response = Struct.new(:status_code, :body)

  module HTTP
    class Client
      def request(_host, _port, method, url, _params = {}, _data = {}, _headers = {}, auth = nil, _timeout = nil)
        uri = URI(url)
        request = Net::HTTPGenericRequest.new(method, false, true, uri)
        request.basic_auth(*auth)
        answer = Net::HTTP.start(uri.host, uri.port, use_ssl: uri.scheme == 'https') { |http| http.request(request) }
        Response.new(answer.code.to_i, JSON.parse(answer.body))
      end
    end
  end

  module REST
    class Client
      def initialize(username, password, _account_sid, _region, http_client)
        @auth = [username, password]
        @http_client = http_client
      end

      def request(host, port, method, uri)
        @http_client.request(host, port, method, uri, {}, {}, {}, @auth, nil)
      end
    end
  end
end
