-- A mixed load for wrk: reads, and a durable write in every twentieth request. Arguments: TOKEN SEED SCHOOLS...
-- Every thread draws from a sequence of its own and makes records that no other makes.

local counter = 0

function setup(thread)
    thread:set("number", counter)
    counter = counter + 1
end

function init(args)
    token, seed = args[1], args[2]
    schools = {}
    for n = 3, #args do
        schools[#schools + 1] = args[n]
    end
    math.randomseed(number * 7919 + 1)
    made, writes, refused = 0, 0, 0
    get = { Authorization = "Bearer " .. token }
    post = { Authorization = "Bearer " .. token, ["Content-Type"] = "application/json" }
end

local function pick(list)
    return list[math.random(#list)]
end

function request()
    local draw = math.random(100)
    if draw <= 5 then
        made = made + 1
        writes = writes + 1
        local code = string.format("%s-%d-%d", seed, number, made)
        local body = string.format(
            '{"code":"%s","name":"Школа %s","kind":"secondary","locality":"rural","founder":"state"}', code, code)
        return wrk.format("POST", "/api/v1/schools", post, body)
    elseif draw <= 50 then
        return wrk.format("GET", "/api/v1/schools/" .. pick(schools), get)
    elseif draw <= 70 then
        return wrk.format("GET", "/api/v1/schools?limit=100", get)
    elseif draw <= 80 then
        return wrk.format("GET", "/api/v1/municipalities?limit=100", get)
    elseif draw <= 90 then
        return wrk.format("GET", "/api/v1/results?limit=50&school_id=" .. pick(schools), get)
    else
        return wrk.format("GET", "/api/v1/changes?limit=50", get)
    end
end

function response(status)
    if status >= 400 then
        refused = refused + 1
        if refused <= 3 then
            io.stderr:write("load: a request was answered with " .. status .. "\n")
        end
    end
end

function done(summary, latency)
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
    print(string.format("RESULT %.0f %.2f %.2f %.2f %d %d",
        summary.requests / (summary.duration / 1e6),
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, latency.max / 1000,
        summary.requests, failed))
end
