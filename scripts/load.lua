-- A mixed load for wrk: reads of most kinds, and a durable write in every twentieth request. Arguments: the writer's token, the
-- reader's token, a prefix of codes, a position in the change feed, ids of schools...
-- Every thread draws from a sequence of its own, and removes what it has made a while later: the database does not grow under
-- what is read, so that memory need not grow with it.

local threads = {}

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

function init(args)
    prefix = args[3]
    schools = { unpack(args, 5) }
    math.randomseed(number * 7919 + 1)
    made, written, removed, refused = 0, 0, 0, 0
    standing = {}
    post = { Authorization = "Bearer " .. args[1], ["Content-Type"] = "application/json" }
    remove = { Authorization = "Bearer " .. args[1], ["If-Match"] = '"1"' }
    get = { Authorization = "Bearer " .. args[2] }
    -- Shares in percent; a school's id stands in the place of {}.
    reads = {
        { 38, "/api/v1/schools/{}" },
        { 15, "/api/v1/schools?limit=100" },
        { 5, "/api/v1/schools?limit=20&name=%D1%81%D1%80%D0%B5%D0%B4%D0%BD%D1%8F%D1%8F" },
        { 7, "/api/v1/municipalities?limit=100" },
        { 8, "/api/v1/schools/{}/results?limit=50" },
        { 5, "/api/v1/schools/{}/contexts" },
        { 4, "/api/v1/assignments?limit=50" },
        { 3, "/api/v1/designations?limit=50" },
        { 2, "/api/v1/coverage-gaps" },
        { 2, "/api/v1/indicators" },
        { 2, "/api/v1/changes?limit=50" },
        { 4, "/api/v1/changes?limit=50&after=" .. args[4] },
    }
end

local function write()
    if #standing > 50 then
        removed = removed + 1
        return wrk.format("DELETE", table.remove(standing, 1), remove)
    end
    made = made + 1
    local code = string.format("%s-%d-%d", prefix, number, made)
    local body = string.format(
        '{"code":"%s","name":"Школа %s","kind":"secondary","locality":"rural","founder":"state"}', code, code)
    return wrk.format("POST", "/api/v1/schools", post, body)
end

function request()
    local draw = math.random(100)
    for _, read in ipairs(reads) do
        draw = draw - read[1]
        if draw <= 0 then
            local path = read[2]:gsub("{}", schools[math.random(#schools)])
            return wrk.format("GET", path, get)
        end
    end
    return write()
end

function response(status, headers)
    if status == 201 then
        written = written + 1
        table.insert(standing, headers["Location"] or headers["location"])
    elseif status >= 400 then
        refused = refused + 1
        if refused <= 3 then
            io.stderr:write("load: a request was answered with " .. status .. "\n")
        end
    end
end

function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
    local written, removed = 0, 0
    for _, thread in ipairs(threads) do
        written = written + thread:get("written")
        removed = removed + thread:get("removed")
    end
    print(string.format("RESULT %.0f %.2f %.2f %.2f %d %d %d %d",
        summary.requests / (summary.duration / 1e6),
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
        summary.requests, failed, written, removed))
end
