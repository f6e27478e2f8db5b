# frozen_string_literal: true

# Use the generated client as its reader would, and print what it gives, a JSON document on each line.

require 'json'
require 'uri'
require 'chat_bindings_client'

include ChatBindingsClient

SERVICE = ENV.fetch('SERVICE_SID')

def tell(step, **told)
  puts JSON.generate(step: step, **told)
end

def api_as(token)
  configuration = Configuration.new do |config|
    url = URI(ENV.fetch('BASE_URL'))
    config.scheme = url.scheme
    config.host = "#{url.host}:#{url.port}"
    config.username = ENV.fetch('ACCOUNT_SID')
    config.password = token
  end
  BindingsApi.new(ApiClient.new(configuration))
end

def sids(found)
  found.bindings.map(&:sid)
end

def pages(api, size)
  return to_enum(__method__, api, size) unless block_given?

  options = { page_size: size }
  loop do
    page = api.list_bindings(SERVICE, options)
    yield page
    break if page.meta.next_page_url.nil?

    options[:page_token] = URI.decode_www_form(URI(page.meta.next_page_url).query).to_h.fetch('PageToken')
  end
end

def properties(binding)
  {
    sid: binding.sid,
    account_sid: binding.account_sid,
    service_sid: binding.service_sid,
    date_created: binding.date_created&.utc&.iso8601,
    date_updated: binding.date_updated&.utc&.iso8601,
    endpoint: binding.endpoint,
    identity: binding.identity,
    binding_type: binding.binding_type,
    credential_sid: binding.credential_sid,
    message_types: binding.message_types,
    url: binding.url,
    user: binding.links&.user
  }
end

def tell_error(step)
  yield
rescue ApiError => e
  error = Error.build_from_hash(JSON.parse(e.response_body))
  tell(step, http: e.code, code: error.code, message: error.message, info: error.more_info, status: error.status)
end

def tell_case(api, given)
  options = { binding_type: given[:types], identity: given[:identities] }.compact
  page = api.list_bindings(given[:service], options)
  tell('case', case: given[:case], bindings: page.bindings.map { |binding| properties(binding) })
rescue ApiError => e
  tell('case', case: given[:case], http: e.code, text: e.response_body)
end

sid = ENV.fetch('BINDING_SID')
api = api_as(ENV.fetch('AUTH_TOKEN'))

JSON.parse(File.read(ENV.fetch('CASES'), encoding: 'UTF-8'), symbolize_names: true).each { |each| tell_case(api, each) }
walk = pages(api, Integer(ENV.fetch('PAGE_SIZE'))).to_a
tell('walked', pages: walk.map { |page| sids(page) })
meta = walk.first.meta
tell('meta', page: meta.page, page_size: meta.page_size, first: meta.previous_page_url.nil?, key: meta.key)

tell('fetched', binding: properties(api.fetch_binding(SERVICE, sid)))
api.delete_binding(SERVICE, sid)
tell_error('fetched again') { api.fetch_binding(SERVICE, sid) }
tell_error('deleted again') { api.delete_binding(SERVICE, sid) }
tell_error('too large') { api.list_bindings(SERVICE, page_size: 1001) }
tell_error('unauthorized') { api_as('0' * 32).list_bindings(SERVICE) }
