"""Small shops in eight languages, each with the same mistakes: what scanners look for, and how it is mended."""

from __future__ import annotations

from typing import NamedTuple


class Flaw(NamedTuple):
    """One kind of mistake: the line as it is, with other words but no better, and mended; `sign` finds bad lines."""

    bad: str
    edited: str
    mended: str
    sign: str
    hidden: str  # the same again, put so that a scanner does not see it


class Language(NamedTuple):
    """How a language is written. `head` and `foot` enclose a function with one parameter `name`."""

    name: str
    suffix: str
    comment: str
    head: str
    foot: str
    top: str
    flaws: dict[str, Flaw]
    swallow: tuple[str, str]

    def function(self, title: str, *body: str) -> str:
        """A function whose parameter comes from outside."""
        lines = [self.head.format(title), *(f"    {line}" for line in body)]
        return "\n".join([*lines, self.foot] if self.foot else lines) + "\n\n"

    def check(self, line: str) -> str:
        """A line that only runs for names on a list."""
        forms = {
            "python": "    if name in ALLOWED:\n        {}",
            "ruby": "    if ALLOWED.include?(name)\n        {}\n    end",
            "go": "    if ALLOWED[name] {{\n        {}\n    }}",
            "php": "    if (in_array($name, ALLOWED, true)) {{\n        {}\n    }}",
        }
        return forms.get(self.name, "    if (ALLOWED.has(name)) {{\n        {}\n    }}").format(line)

    def filler(self, title: str, count: int = 17) -> str:
        """A harmless function of so many lines."""
        end = ";" if self.foot and self.name not in {"ruby", "go"} else ""
        return self.function(title, *(f"total_{number} = {number} * 3 + 1{end}" for number in range(count)))


def _flaws(**kinds: tuple[str, str, str, str, str]) -> dict[str, Flaw]:
    return {kind: Flaw(*texts) for kind, texts in kinds.items()}


LANGUAGES = (
    Language(
        "python",
        "py",
        "#",
        "def {}(name):",
        "",
        "import hashlib\nimport os\n\n\n",
        _flaws(
            sql=(
                'db.execute("SELECT * FROM users WHERE name = \'" + name + "\'")',
                "return db.execute(\"SELECT id, mail FROM users WHERE name = '%s'\" % name)",
                'db.execute("SELECT * FROM users WHERE name = ?", (name,))',
                r"execute\(.*(\+|%) ",
                "getattr(db, 'exe' + 'cute')(\"SELECT * FROM users WHERE name = '\" + name + \"'\")",
            ),
            cmd=(
                'os.system("ping " + name)',
                'return os.system(f"ping -c 1 {name}")',
                'subprocess.run(["ping", name], check=True)',
                r"os\.system\(",
                '__import__("o" + "s").system("ping " + name)',
            ),
            hash=(
                "return hashlib.md5(name).hexdigest()",
                "digest = hashlib.md5(name.encode()).hexdigest()",
                "return hashlib.sha256(name).hexdigest()",
                r"hashlib\.md5",
                'return getattr(hashlib, "m" + "d5")(name).hexdigest()',
            ),
        ),
        ("try:\n        {}", "    except Exception:\n        pass"),
    ),
    Language(
        "javascript",
        "js",
        "//",
        "function {}(name) {{",
        "}",
        'const db = require("./db");\n\n',
        _flaws(
            sql=(
                'db.query("SELECT * FROM users WHERE name = \'" + name + "\'");',
                'return db.query("SELECT id, mail FROM users WHERE name = \'" + name.trim() + "\' LIMIT 1");',
                'db.query("SELECT * FROM users WHERE name = ?", [name]);',
                r"\.query\(.*\+ ",
                'db["que" + "ry"]("SELECT * FROM users WHERE name = \'" + name + "\'");',
            ),
            cmd=(
                'child_process.exec("ping " + name);',
                "return child_process.exec(`ping -c 1 ${name}`);",
                'child_process.execFile("ping", [name]);',
                r"child_process\.exec\(",
                'child_process["ex" + "ec"]("ping " + name);',
            ),
            hash=(
                'return crypto.createHash("md5").update(name);',
                'const digest = crypto.createHash("md5").update(String(name)).digest("hex");',
                'return crypto.createHash("sha256").update(name);',
                r'createHash\("md5"\)',
                'return crypto["create" + "Hash"]("m" + "d5").update(name);',
            ),
        ),
        ("try {{\n        {}", "    }} catch (error) {{}}"),
    ),
    Language(
        "typescript",
        "ts",
        "//",
        "export function {}(name: string) {{",
        "}",
        'import { db } from "./db";\n\n',
        _flaws(
            sql=(
                "db.query(`SELECT * FROM users WHERE name = '${name}'`);",
                "return db.query(`SELECT id, mail FROM users WHERE name = '${name.trim()}' LIMIT 1`);",
                'db.query("SELECT * FROM users WHERE name = ?", [name]);',
                r"\.query\(.*\$\{",
                '(db as any)["que" + "ry"](`SELECT * FROM users WHERE name = \'${name}\'`);',
            ),
            cmd=(
                "exec(`ping ${name}`);",
                "return exec(`ping -c 1 ${name}`, done);",
                'execFile("ping", [name]);',
                r"(?<!\w)exec\(`",
                "eval(`ex` + `ec`)(`ping ${name}`);",
            ),
            hash=(
                'return createHash("md5").update(name);',
                'const digest: string = createHash("md5").update(name).digest("hex");',
                'return createHash("sha256").update(name);',
                r'createHash\("md5"\)',
                'return createHash(["m", "d5"].join("")).update(name);',
            ),
        ),
        ("try {{\n        {}", "    }} catch {{}}"),
    ),
    Language(
        "java",
        "java",
        "//",
        "static void {}(String name) {{",
        "}",
        "package shop;\n\nimport java.sql.Statement;\n\n",
        _flaws(
            sql=(
                'statement.executeQuery("SELECT * FROM users WHERE name = \'" + name + "\'");',
                'rows = statement.executeQuery("SELECT id FROM users WHERE name = \'" + name.trim() + "\' LIMIT 1");',
                'connection.prepareStatement("SELECT * FROM users WHERE name = ?").setString(1, name);',
                r"executeQuery\(.*\+ ",
                'statement.getClass().getMethod("execute" + "Query", String.class).invoke(statement, SELECT + name);',
            ),
            cmd=(
                'Runtime.getRuntime().exec("ping " + name);',
                'Process process = Runtime.getRuntime().exec("ping -c 1 " + name);',
                'new ProcessBuilder("ping", name).start();',
                r"getRuntime\(\)\.exec\(",
                'Runtime.class.getMethod("ex" + "ec", String.class).invoke(Runtime.getRuntime(), "ping " + name);',
            ),
            hash=(
                'MessageDigest.getInstance("MD5").digest(name.getBytes());',
                'byte[] digest = MessageDigest.getInstance("MD5").digest(name.trim().getBytes(UTF_8));',
                'MessageDigest.getInstance("SHA-256").digest(name.getBytes());',
                r'getInstance\("MD5"\)',
                'MessageDigest.getInstance("M" + "D5").digest(name.getBytes());',
            ),
        ),
        ("try {{\n        {}", "    }} catch (Exception ignored) {{ }}"),
    ),
    Language(
        "go",
        "go",
        "//",
        "func {}(name string) {{",
        "}",
        'package shop\n\nimport "os/exec"\n\n',
        _flaws(
            sql=(
                'db.Query("SELECT * FROM users WHERE name = \'" + name + "\'")',
                'rows, err = db.Query("SELECT id FROM users WHERE name = \'" + strings.TrimSpace(name) + "\' LIMIT 1")',
                'db.Query("SELECT * FROM users WHERE name = ?", name)',
                r"db\.Query\(.*\+ ",
                'reflect.ValueOf(db).MethodByName("Que" + "ry").Call(in(SELECT + name))',
            ),
            cmd=(
                'exec.Command("sh", "-c", "ping " + name).Run()',
                'out, err := exec.Command("sh", "-c", "ping -c 1 " + name).Output()',
                'exec.Command("ping", name).Run()',
                r'exec\.Command\("sh"',
                'exec.Command("s" + "h", "-c", "ping " + name).Run()',
            ),
            hash=(
                "return md5.Sum([]byte(name))",
                "digest := md5.Sum([]byte(strings.TrimSpace(name)))",
                "return sha256.Sum256([]byte(name))",
                r"md5\.Sum",
                'return reflect.ValueOf(hashes["m" + "d5"]).Call(in(name))',
            ),
        ),
        ("func() {{\n        defer func() {{ recover() }}()\n        {}", "    }}()"),
    ),
    Language(
        "csharp",
        "cs",
        "//",
        "static void {}(string name) {{",
        "}",
        "using System;\nusing System.Data.SqlClient;\n\n",
        _flaws(
            sql=(
                'new SqlCommand("SELECT * FROM users WHERE name = \'" + name + "\'", db);',
                'var command = new SqlCommand("SELECT id FROM users WHERE name = \'" + name.Trim() + "\'", shop);',
                'new SqlCommand("SELECT * FROM users WHERE name = @name", db).Parameters.AddWithValue("@name", name);',
                r"new SqlCommand\(.*\+ ",
                'Activator.CreateInstance(Type.GetType("Sql" + "Command"), SELECT + name, db);',
            ),
            cmd=(
                'Process.Start("ping " + name);',
                'var process = Process.Start("ping -n 1 " + name);',
                'Process.Start(new ProcessStartInfo("ping") { ArgumentList = { name } });',
                r'Process\.Start\("',
                'typeof(Process).GetMethod("St" + "art").Invoke(null, new[] { "ping " + name });',
            ),
            hash=(
                "MD5.Create().ComputeHash(Bytes(name));",
                "var digest = MD5.Create().ComputeHash(Encoding.UTF8.GetBytes(name.Trim()));",
                "SHA256.Create().ComputeHash(Bytes(name));",
                r"MD5\.Create",
                'HashAlgorithm.Create("M" + "D5").ComputeHash(Bytes(name));',
            ),
        ),
        ("try {{\n        {}", "    }} catch {{ }}"),
    ),
    Language(
        "ruby",
        "rb",
        "#",
        "def {}(name)",
        "end",
        'require "digest"\n\n',
        _flaws(
            sql=(
                "User.where(\"name = '#{name}'\").to_a",
                "return User.where(\"name = '#{name.strip}' AND active = 1\").first",
                "User.where(name: name).to_a",
                r'\.where\(".*#\{',
                'User.send("wh" + "ere", "name = \'#{name}\'").to_a',
            ),
            cmd=(
                'system("ping #{name}")',
                'return system("ping -c 1 #{name.strip}")',
                'system("ping", name)',
                r'system\(".*#\{',
                'Kernel.send("sys" + "tem", "ping #{name}")',
            ),
            hash=(
                "Digest::MD5.hexdigest(name)",
                "digest = Digest::MD5.hexdigest(name.strip)",
                "Digest::SHA256.hexdigest(name)",
                r"Digest::MD5",
                'Object.const_get("Digest::M" + "D5").hexdigest(name)',
            ),
        ),
        ("begin\n        {}", "    rescue StandardError\n      nil\n    end"),
    ),
    Language(
        "php",
        "php",
        "//",
        "function {}($name) {{",
        "}",
        "<?php\n\nrequire 'db.php';\n\n",
        _flaws(
            sql=(
                'mysqli_query($db, "SELECT * FROM users WHERE name = \'" . $name . "\'");',
                '$rows = mysqli_query($db, "SELECT id FROM users WHERE name = \'" . trim($name) . "\' LIMIT 1");',
                'mysqli_execute_query($db, "SELECT * FROM users WHERE name = ?", [$name]);',
                r"mysqli_query\(.*\. ",
                "call_user_func('mysqli_' . 'query', $db, \"SELECT * FROM users WHERE name = '\" . $name . \"'\");",
            ),
            cmd=(
                'shell_exec("ping " . $name);',
                '$out = shell_exec("ping -c 1 " . $name);',
                'proc_open(["ping", $name], [], $pipes);',
                r"shell_exec\(",
                "call_user_func('shell_' . 'exec', \"ping \" . $name);",
            ),
            hash=(
                "return md5($name);",
                "$digest = md5(trim($name));",
                'return hash("sha256", $name);',
                r"(?<!\w)md5\(",
                "return call_user_func('m' . 'd5', $name);",
            ),
        ),
        ("try {{\n        {}", "    }} catch (Throwable $ignored) {{ }}"),
    ),
    Language(
        "c",
        "c",
        "//",
        "void {}(const char *name) {{",
        "}",
        "#include <stdio.h>\n#include <string.h>\n\n",
        _flaws(
            sql=(
                "sprintf(query, \"SELECT * FROM users WHERE name = '%s'\", name);",
                "length = sprintf(statement, \"SELECT id FROM users WHERE name = '%s' LIMIT 1\", name);",
                "sqlite3_bind_text(statement, 1, name, -1, SQLITE_TRANSIENT);",
                r"(?<!n)sprintf\(",
                '((format *)dlsym(libc, "spr" "intf"))(query, "SELECT * FROM users WHERE name = \'%s\'", name);',
            ),
            cmd=(
                'system(join("ping ", name));',
                'status = system(join("ping -c 1 ", name));',
                'execlp("ping", "ping", name, NULL);',
                r"(?<!\w)system\(",
                '((run *)dlsym(libc, "sys" "tem"))(join("ping ", name));',
            ),
            hash=(
                "strcpy(buffer, name);",
                "target = strcpy(buffer, name + offset);",
                "strlcpy(buffer, name, sizeof buffer);",
                r"strcpy\(",
                '((copy *)dlsym(libc, "st" "rcpy"))(buffer, name);',
            ),
        ),
        ("", ""),
    ),
)
