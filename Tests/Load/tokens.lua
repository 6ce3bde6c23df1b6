-- wrk: posts an MCP call with the tokens of a file in turn, and counts the answers by status.
--
--   wrk -s tokens.lua URL -- TOKENS [REREAD]      with REREAD the file is read again every second
local lines, next_line, reread, file, read_at = {}, 0, false, nil, 0
local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

local function read()
   local fresh = {}
   for line in io.lines(file) do fresh[#fresh + 1] = line end
   if #fresh > 0 then lines = fresh end
   read_at = os.time()
end

function init(arguments)
   file, reread = arguments[1], arguments[2] ~= nil
   read()
   wrk.method = "POST"
   wrk.body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}'
   wrk.headers["Content-Type"] = "application/json"
   statuses = ""
   counts = {}
end

function request()
   if reread and os.time() ~= read_at then read() end
   next_line = next_line % #lines + 1
   wrk.headers["Authorization"] = "Bearer " .. lines[next_line]
   return wrk.format()
end

function response(status)
   counts[status] = (counts[status] or 0) + 1
   local text = ""
   for code, number in pairs(counts) do text = text .. code .. "=" .. number .. " " end
   statuses = text
end

function done(summary, latency)
   local text = ""
   for _, thread in ipairs(threads) do text = text .. thread:get("statuses") end
   local errors = summary.errors
   io.write(string.format("RESULT requests=%d seconds=%.2f p50_us=%d p99_us=%d broken=%d %s\n", summary.requests,
      summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
      errors.connect + errors.read + errors.write + errors.timeout, text))
end
