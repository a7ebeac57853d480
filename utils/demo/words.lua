-- Reads the files that standard input names, below the folder arg[1]: tables,
-- strings and their patterns, sorting, coroutines, closures, errors, io, os.
local root = arg[1]
local count, files, lines, bytes = {}, 0, 0, 0

local function words(text)
	return coroutine.wrap(function()
		for word in text:gmatch("[%a_][%w_]*") do
			coroutine.yield(word)
		end
	end)
end

for name in io.lines() do
	local file <close> = assert(io.open(root .. "/" .. name, "rb"))
	local text = file:read("a")
	files = files + 1
	bytes = bytes + #text
	for _ in text:gmatch("\n") do lines = lines + 1 end
	for word in words(text) do
		count[word] = (count[word] or 0) + 1
	end
end

local list = {}
for word, n in pairs(count) do list[#list + 1] = { word = word, n = n } end
table.sort(list, function(a, b)
	if a.n ~= b.n then return a.n > b.n end
	return a.word < b.word
end)
print(files, lines, bytes, #list)
for i = 1, 25 do
	print(("%-16s %6d %8.4f%%"):format(list[i].word, list[i].n,
		100 * list[i].n / bytes))
end

-- numbers as C prints them
print(math.pi, 1 / 3, 2 ^ 53, 1e300 * 1e10, -0.0, 7 // 2, -7 % 3, 7.5 // 2)
print(string.format("%.17g %a %5.1f %x %q", 0.1, 1.5, 2.25, 255, "a\n\0b"))
print(math.maxinteger, math.tointeger(3.0), tostring(2^63), 10 // 0.0)
local x = 42
for _ = 1, 200000 do x = (x * 1103515245 + 12345) % 2147483648 end
print(x)

-- files and other programs
local name = "lua.out"
local out = assert(io.open(name, "wb"))
for i = 1, 1000 do out:write(i, " ", i * i, "\n") end
out:seek("set", 0)
out:write("first")
out:close()
local back = assert(io.open(name, "rb"))
print(back:seek("end"), back:seek("set", 2), back:read("n", "l", 7))
back:close()
print(os.rename(name, "lua.new"), os.remove("lua.new"), os.remove(name))
local pipe = io.popen("sort -r | sed 2q", "w")
pipe:write("b\na\nc\n")
pipe:close()
pipe = io.popen("echo from a shell; exit 3")
print(pipe:read("a"), pipe:close())
print(os.execute("kill -9 $$"))
print(os.getenv("TZ"), os.date("!%Y-%m-%d %H:%M:%S", 1000000000))
print(pcall(error, { code = 1 }) == false, select("#", table.unpack({}, 1, 3)))
print(select(2, pcall(function() local t = nil; return t.x end)))
os.exit(7, true)
