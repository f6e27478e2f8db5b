-- Sends the requests of a file, one after the other and from the start again: see `wrk.py`, which writes it.
-- A line is a kind and its values, with tabs between them. In a body {n} is a number that comes once.

local requests, headers, method, body, path = {}, {}, "GET", nil, nil
local sent = 0

function init(args)
  local first = tonumber(args[2])
  for line in io.lines(args[1]) do
    local kind, name, value = line:match("^(%S+)\t([^\t]*)\t?(.*)$")
    if kind == "method" then
      method = name
    elseif kind == "header" then
      headers[name] = value
    elseif kind == "body" then
      body = name
    elseif body then
      path = name
    else
      requests[#requests + 1] = wrk.format(method, name, headers)
    end
  end
  sent = first
end

function request()
  sent = sent + 1
  if body then
    return wrk.format(method, path, headers, (body:gsub("{n}", sent)))
  end
  return requests[sent % #requests + 1]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
