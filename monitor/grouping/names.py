"""Names in stack traces without what compilers, bundlers and deployments put into them: counters, hashes, directories."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_FAMILIES = {
    "python": "python",
    "javascript": "javascript",
    "node": "javascript",
    "bun": "javascript",
    "deno": "javascript",
    "java": "jvm",
    "kotlin": "jvm",
    "android": "jvm",
    "groovy": "jvm",
    "scala": "jvm",
    "go": "go",
    "ruby": "ruby",
    "php": "php",
    "csharp": "dotnet",
    "dotnet": "dotnet",
    "native": "native",
    "c": "native",
    "cocoa": "native",
    "objc": "native",
    "rust": "native",
    "swift": "native",
    "elixir": "elixir",
}

_NAMELESS = frozenset(
    {"", "?", "??", "<anonymous>", "(anonymous)", "anonymous", "(anonymous function)", "anonymousFunction", "<unknown>",
     "unknown", "eval", "<eval>", "<module>", "<redacted>", "{main}", "global code", "null", "undefined", "unknown function"}
)  # fmt: skip
_ADDRESS = re.compile(r"^(?:0x[0-9a-fA-F]+|[0-9a-fA-F]{8,16}|<?unknown>?\+?0x[0-9a-f]+)$")
# What stands around the application's calls because of decorators, comprehensions and async machinery.
PYTHON_WRAPPERS = frozenset(
    {
        "wrapper", "wrapped", "inner", "outer", "decorated", "decorator", "_wrapper", "_wrapped", "_inner", "_decorated",
        "_decorator", "wrapped_view", "_wrapped_view", "_wrapper_view", "view_wrapper", "new_func", "func_wrapper",
        "wrapper_func", "wrapper_function", "wrapped_function", "wrapped_func", "inner_func", "inner_function",
        "sync_wrapper", "async_wrapper", "awrapper", "_awrapper", "newfunc",
    }
)  # fmt: skip
COMPREHENSIONS = frozenset({"<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"})
ASYNC_MACHINERY = frozenset(
    {
        "fulfilled", "rejected", "asyncGeneratorStep", "_next", "_throw", "__awaiter", "__generator", "Generator.next",
        "Generator.throw", "Generator.<anonymous>", "Generator._invoke", "Generator.invoke", "tryCatch",
        "_asyncToGenerator", "new Promise", "Promise.all", "processTicksAndRejections", "runMicrotasks",
        "process.processTicksAndRejections", "invokeSuspend", "resumeWith", "ExceptionDispatchInfo.Throw",
        "TaskAwaiter.ThrowForNonSuccess",
    }
)  # fmt: skip

_JS_PREFIX = re.compile(
    r"^(?:async\*?|new|get|set|bound|static)\s+|^(?:Object|Module|Function|Array|Window|global|exports)\."
)
_JS_NOISE = re.compile(r"\s\[as [^\]]+\]|\s\(index \d+\)|/<+$|\[\d+\]|\.<computed>")
_JVM_NAME = re.compile(
    r"\$\$(?:Lambda|EnhancerBy\w*|FastClassBy\w*|SpringCGLIB|ByteBuddy)\$*[\w$/.]*|(?:Proxy|Accessor|Invoker|Impl)\d+$|/0x[0-9a-f]+|\$\d+"
)
_GO_CLOSURE = re.compile(r"\.func\d+(?:\.\d+)*(?:\.func\d+(?:\.\d+)*)*|\.gowrap\d+|-fm$|\[[^\]]*\]|-range\d+")
_RUBY_BLOCK = re.compile(r"^(?:(?:block|rescue|ensure)(?: \(\d+ levels\))? in )+")
_PHP_CLOSURE = re.compile(r"\{closure(?::[^}]*)?(?:#\d+)?\}|@anonymous.*|\$0x[0-9a-f]+")
_DOTNET_GENERATED = re.compile(
    r"<(\w*)>[a-z]__\w*(?:\|[\d_]+)?|<>c(?:__DisplayClass[\d_]+)?(?:<[^>]*>)?|`\d+"
)
# Ben.Demystifier writes `async Task Gauge.ReadAsync(int id)+MoveNext() { }`.
_DOTNET_SIGNATURE = re.compile(
    r"\((?:[^()]|\([^()]*\))*\)(?:\+MoveNext\(\)|\+\(.*\) =>)?(?: \{ \})?$|^(?:async |static )+"
)
_NATIVE_NOISE = re.compile(
    r"::h[0-9a-f]{16}$|\s?\[clone [^\]]+\]|\.(?:part|constprop|isra|cold|llvm)\.?\d*(?:\.\d+)*|\{\{closure\}\}(?:#\d+)?"
    r"|\(anonymous namespace\)::|\$_\d+|closure #\d+ in |lambda\(\)#\d+|\{lambda.*?#\d+\}"
)
_NATIVE_ARGUMENTS = re.compile(r"\((?!anonymous)[^()]*(?:\([^()]*\)[^()]*)*\)(?: const)?$")


class Name(NamedTuple):
    """A function's name as it is compared, and why it does not count where it does not."""

    text: str
    skipped: str = ""


def family_of(platform: str) -> str:
    """Which rules of naming hold on `platform`."""
    return _FAMILIES.get(platform, "other")


@lru_cache(maxsize=8192)
def function_name(function: str, family: str) -> Name:
    """`function` without numbers of lambdas, anonymous classes and blocks; empty if it has no name of its own."""
    function = function.strip()
    if function in _NAMELESS or _ADDRESS.match(function):
        return Name("")
    if family == "python":
        return _python(function)
    if family == "javascript":
        return _javascript(function)
    if family == "jvm":
        return Name(_JVM_NAME.sub("", function), "async machinery" if function in ASYNC_MACHINERY else "")
    if family == "go":
        return Name(_GO_CLOSURE.sub("", function))
    if family == "ruby":
        return Name(_RUBY_BLOCK.sub("", function).rpartition("#")[2])
    if family == "php":
        return Name(_PHP_CLOSURE.sub("{closure}", function))
    if family == "dotnet":
        function = _DOTNET_SIGNATURE.sub("", function)
        text = _DOTNET_GENERATED.sub(lambda match: match[1] or "", function).replace("MoveNext", "")
        return Name(
            re.sub(r"[.+]{2,}", ".", text).strip(".+"),
            "async machinery" if function in ASYNC_MACHINERY else "",
        )
    if family == "native":
        return Name(_NATIVE_ARGUMENTS.sub("", _NATIVE_NOISE.sub("", function)).strip(": "))
    return Name(function)


def _python(function: str) -> Name:
    text = function.replace(".<locals>", "") if "<locals>" in function else function
    last = text.rpartition(".")[2]
    if last in COMPREHENSIONS:
        return Name(text, "comprehension")
    return Name(text, "decorator" if last in PYTHON_WRAPPERS else "")


def _javascript(function: str) -> Name:
    if function in ASYNC_MACHINERY:
        return Name(function, "async machinery")
    text = _JS_NOISE.sub("", function)
    while (shorter := _JS_PREFIX.sub("", text)) != text:
        text = shorter
    if text in ASYNC_MACHINERY:
        return Name(text, "async machinery")
    text = text.removesuffix(".<anonymous>").removesuffix("/<")
    # One or two letters are what a minifier leaves, and another build leaves others.
    return Name("") if text in _NAMELESS or len(text.rpartition(".")[2]) <= 2 else Name(text)


@lru_cache(maxsize=8192)
def module_name(module: str, family: str) -> str:
    """`module` without the numbers of generated classes."""
    if family == "jvm":
        return _JVM_NAME.sub("", module)
    if family == "dotnet":
        return re.sub(r"[.+]{2,}", ".", _DOTNET_GENERATED.sub(lambda match: match[1] or "", module)).strip(
            ".+"
        )
    if family == "php":
        return _PHP_CLOSURE.sub("{closure}", module)
    if family == "javascript":
        return file_name(module)
    return "__main__" if module == "__mp_main__" else module


_ORIGIN = re.compile(
    r"^(?:[a-z][a-z0-9+.-]*:///?(?:[^/]*:\d+|[\w-]+(?:\.[\w-]+)+|localhost)?(?=/|\.|\w)|webpack-internal:///)",
    re.I,
)
_QUERY = re.compile(r"[?#].*$")
_DEPLOYMENT = re.compile(
    r"""(?xi)
      ^.*/(?:site-packages|dist-packages)/ | ^.*/node_modules/(?=.)
    | ^.*/(?:releases|deployments?|versions)/[^/]+/ | ^/nix/store/[^/]+/
    | ^(?:[a-z]:)?/(?:home|users)/[^/]+/ | ^/(?:private/)?(?:tmp|var/folders(?:/[^/]+){2})/[^/]+/
    | ^.*/containers/bundle/application/[^/]+/
    | ^/(?:app|srv|opt|code|workspace|builds?|usr/src/app|var/www(?:/html)?|var/task|go/src)/
    """
)
_BUNDLE_HASH = re.compile(
    r"""(?x)
    [.\-_~] (?: (?=[A-Za-z0-9_]*\d)[A-Za-z0-9_]{6,40} | (?=[A-Za-z0-9_-]*[a-z])(?=[A-Za-z0-9_-]*[A-Z])[A-Za-z0-9_-]{8}
              | [0-9a-f]{16,64} )
    (?= (?:[.\-~][a-z]+)* \.(?:m?[jt]sx?|cjs|css|wasm|map|jar|dll|so)$ )
    """
)
_HASHED_DIRECTORY = re.compile(
    r"(?<=/)(?:(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64}|(?=[\w-]*\d)(?=[\w-]*[A-Z])(?=[\w-]*[a-z])[\w-]{16,}|\d{5,})(?=/)"
)
_VERSION = re.compile(r"(?<![A-Za-z0-9])v?\d+(?:\.\d+)+(?:-\w+)?(?=[/.\-_]|$)")
_NUMBERED_CHUNK = re.compile(r"(?:^|(?<=/))\d+(?=(?:\.[a-z]+)*\.m?js$)")


@lru_cache(maxsize=8192)
def file_name(path: str) -> str:
    """`path` as it is in every deployment: without host, query, home and release directories, versions and hashes."""
    path = path.replace("\\", "/")
    if "://" in path or path.startswith(("webpack", "app:", "file:")):
        path = _ORIGIN.sub("", path)
        path = _QUERY.sub("", path)
    elif "?" in path:
        path = _QUERY.sub("", path)
    path = _DEPLOYMENT.sub("", path)
    while path.startswith(("./", "../", "/", "~/")):
        path = path.partition("/")[2]
    path = _BUNDLE_HASH.sub("", path)
    path = _HASHED_DIRECTORY.sub("#", "/" + path)[1:]
    path = _VERSION.sub("#", path)
    return _NUMBERED_CHUNK.sub("#", path)


_GENERATED_TYPE = re.compile(r"0x[0-9a-fA-F]+|(?<=\D)\d{4,}$|\$\$?\w*\d+\w*$|_[0-9a-f]{8,}$")


@lru_cache(maxsize=2048)
def type_name(name: str) -> str:
    """An exception's type without the numbers of generated classes."""
    return _GENERATED_TYPE.sub("", name)
