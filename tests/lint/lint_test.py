#!/usr/bin/env python3
"""Every rule of lint.py catches its bad snippet and lets the good twin pass."""

import textwrap
import unittest
import unittest.mock

import lint

HEADER = "// What it is.\n#pragma once\n"


class LintTest(unittest.TestCase):
    def rules(self, path, text):
        return [f"{f.rule}:{f.line}" for f in lint.check(path, textwrap.dedent(text))]

    def assert_caught(self, where, path, text):
        self.assertEqual(self.rules(path, text), [where])

    def assert_clean(self, path, text):
        self.assertEqual(self.rules(path, text), [])


class IncludeGraph(LintTest):
    def test_folders_of_a_room_include_lower_ones_only(self):
        self.assert_caught("R1:1", "control/engine/a.cc", '#include "control/reports/reports.h"\n')
        self.assert_caught("R1:1", "control/a.cc", '#include "control/reports/reports.h"\n')
        self.assert_caught("R1:1", "proxy/headers/a.cc", '#include "proxy/worker/worker.h"\n')
        self.assert_caught("R1:1", "proxy/loop/a.cc", '#include "proxy/exchange/exchange.h"\n')
        self.assert_caught("R1:1", "proxy/upstream/a.cc", '#include "proxy/worker/worker.h"\n')
        self.assert_clean("control/reports/a.cc", '#include "control/engine/status.h"\n')
        self.assert_clean("net/http2/a.cc", '#include "net/http1/scan.h"\n')

    def test_folders_that_decide_meet_nothing_of_the_world(self):
        self.assert_caught("R1:1", "control/engine/a.cc", "#include <thread>\n")
        self.assert_caught("R1:1", "health/judge/a.cc", "#include <boost/asio/post.hpp>\n")
        self.assert_clean("net/io/a.cc", "#include <sys/socket.h>\n")

    def test_no_folder_has_a_way_round_to_itself(self):
        for room, table in lint.WITHIN.items():
            below = {folder: set() for folder in table}
            for _ in table:
                below = {f: table[f].union(*(below[each] for each in table[f])) for f in table}
            self.assertEqual([f for f in table if f in below[f]], [], room)

    def test_a_lower_room_may_not_include_an_upper_one(self):
        self.assert_caught("R1:2", "base/a.cc", '#include "base/a.h"\n#include "net/http/message.h"\n')
        self.assert_caught("R1:1", "net/a.cc", '#include "health/probe.h"\n')

    def test_proxy_and_control_never_meet(self):
        self.assert_caught("R1:1", "proxy/a.cc", '#include "control/deploy/ports.h"\n')
        self.assert_caught("R1:1", "control/a.cc", '#include "proxy/telemetry/shard.h"\n')
        self.assert_caught("R1:1", "proxy/a.cc", '#include "health/judge/verdict.h"\n')

    def test_rooms_do_not_include_tests(self):
        self.assert_caught("R1:1", "app/a.cc", '#include "tests/support/clock.h"\n')

    def test_includes_start_at_the_root(self):
        self.assert_caught("R1:1", "app/a.cc", '#include "../base/time.h"\n')

    def test_upper_rooms_and_tests_include_lower_ones(self):
        self.assert_clean("app/a.cc", '#include "proxy/telemetry/shard.h"\n#include "control/deploy/ports.h"\n')
        self.assert_clean("control/a.cc", '#include "health/judge/verdict.h"\n')
        self.assert_clean("tests/e2e/a_test.cc", '#include "app/serve/server.h"\n')

    def test_a_comment_is_no_include(self):
        self.assert_clean("base/a.cc", '// #include "net/http/message.h"\n')


class Clock(LintTest):
    def test_no_clock_below_app(self):
        self.assert_caught("R2:1", "proxy/a.cc", "auto f() { return std::chrono::steady_clock::now(); }\n")
        self.assert_caught("R2:1", "net/a.cc", "void f() { clock_gettime(CLOCK_REALTIME, &t); }\n")

    def test_the_clock_and_app_may(self):
        text = "Mono SystemClock::mono() const { return std::chrono::steady_clock::now(); }\n"
        self.assert_clean("base/clock.cc", text)
        self.assert_clean("app/demo/demo.cc", text)

    def test_a_word_in_a_string_or_comment_is_no_call(self):
        self.assert_clean("net/a.cc", 'const char* kText = "steady_clock::now()";  // steady_clock::now()\n')


class Randomness(LintTest):
    def test_no_randomness_below_app(self):
        self.assert_caught("R3:1", "proxy/a.cc", "int f() { return rand(); }\n")
        self.assert_caught("R3:1", "health/a.cc", "void f() { std::random_device device; }\n")

    def test_no_environment_below_app(self):
        self.assert_caught("R3:1", "config/a.cc", 'auto f() { return std::getenv("HOME"); }\n')

    def test_app_and_tests_may(self):
        self.assert_clean("app/a.cc", "void f() { std::random_device device; }\n")
        self.assert_clean("tests/sim/a_test.cc", 'auto f() { return std::getenv("SEED"); }\n')

    def test_words_that_only_look_like_it_pass(self):
        self.assert_clean("proxy/a.cc", "int f() { return operand(brand); }\n")


class ThirdParty(LintTest):
    def test_headers_stay_in_their_room(self):
        self.assert_caught("R4:1", "control/a.cc", "#include <yaml-cpp/yaml.h>\n")
        self.assert_caught("R4:1", "proxy/a.cc", "#include <openssl/ssl.h>\n")
        self.assert_caught("R4:1", "health/a.cc", "#include <sqlite3.h>\n")
        self.assert_caught("R4:1", "proxy/a.cc", "#include <spdlog/spdlog.h>\n")
        self.assert_caught("R4:1", "net/a.cc", "#include <zlib.h>\n")
        self.assert_caught("R4:1", "control/a.cc", "#include <brotli/encode.h>\n")
        self.assert_caught("R4:1", "app/a.cc", "#include <gtest/gtest.h>\n")

    def test_headers_stay_in_their_folder(self):
        self.assert_caught("R4:1", "proxy/loop/a.cc", "#include <boost/asio/post.hpp>\n")
        self.assert_clean("proxy/worker/a.cc", "#include <boost/asio/post.hpp>\n")

    def test_beast_stays_off_the_data_path(self):
        self.assert_caught("R4:1", "proxy/a.cc", "#include <boost/beast/http.hpp>\n")
        self.assert_clean("control/a.cc", "#include <boost/beast/http.hpp>\n")

    def test_their_own_room_may(self):
        self.assert_clean("config/a.cc", "#include <yaml-cpp/yaml.h>\n#include <vector>\n")
        self.assert_clean("tests/unit/control/a_test.cc", "#include <gtest/gtest.h>\n#include <sqlite3.h>\n")


class Layout(LintTest):
    def test_long_functions(self):
        body = "  g();\n" * 69
        self.assert_caught("R5:2", "net/a.cc", "namespace teal {\nvoid f() {\n" + body + "}\n}\n")
        self.assert_caught("R5:1", "net/a.cc", "A::A(int a) : a_{a}, b_(a) {\n" + body + "}\n")
        self.assert_caught("R5:1", "net/a_test.cc", "TEST(A, Does) {\n" + body + "}\n")
        self.assert_clean("net/a.cc", "void f() {\n" + body[:-7] + "}\n")

    def test_long_types_are_no_functions(self):
        self.assert_clean("net/a.cc", "struct A {\n" + "  int f();  //\n//\n" * 45 + "};\n")

    def test_long_lines(self):
        self.assert_caught("R5:1", "net/a.cc", "// " + "é" * 98 + "\n")
        self.assert_clean("net/a.cc", "// " + "é" * 97 + "\n")


class Macros(LintTest):
    def test_no_macros_of_our_own(self):
        self.assert_caught("R6:1", "net/a.cc", "#define TEAL_MAX(a, b) ((a) > (b) ? (a) : (b))\n")

    def test_the_assertion_is_one(self):
        self.assert_clean("base/assert.h", HEADER + "#define TEAL_ASSERT(e) check(e)\n")


class Coroutines(LintTest):
    def test_no_lambda_in_an_await(self):
        self.assert_caught("R7:2", "health/a.cc", """\
            awaitable<void> f() {
              co_await g(x, [x] { return x; });
            }
            """)

    def test_no_braced_temporary_in_an_await(self):
        self.assert_caught("R7:1", "health/a.cc", "awaitable<void> f() { co_await Read{stream, 3}; }\n")
        self.assert_caught("R7:2", "health/a.cc", """\
            awaitable<void> f() {
              const auto answer = co_await fetch(Request{
                  "GET", path});
            }
            """)

    def test_no_co_spawn_in_an_await(self):
        self.assert_caught("R7:1", "health/a.cc", "awaitable<void> f() { co_await co_spawn(e, g(), use_awaitable); }\n")

    def test_no_capturing_coroutine_lambda(self):
        self.assert_caught("R7:1", "health/a.cc", "auto g = [this](int x) -> asio::awaitable<void> { co_return; };\n")

    def test_sound_forms_pass(self):
        self.assert_clean("health/a.cc", """\
            awaitable<void> f() {
              const Request request{"GET"};
              if (co_await fetch(request)) {
                co_return;
              }
              auto [ec, n] = co_await socket.async_read_some(buffer(data[0]), as_tuple(use_awaitable));
            }
            """)


class GlobalState(LintTest):
    def test_no_mutable_globals(self):
        self.assert_caught("R8:3", "net/a.cc", "namespace teal {\nint f();\nint counter = 0;\n}\n")
        self.assert_caught("R8:1", "net/a.cc", "std::map<int, int> cache;\n")
        self.assert_caught("R8:1", "net/a.cc", "std::atomic<int> hits{0};\n")

    def test_no_static_locals(self):
        self.assert_caught("R8:2", "net/a.cc", "int f() {\n  static int calls = 0;\n  return ++calls;\n}\n")
        self.assert_caught("R8:2", "net/a.cc", "int f() {\n  thread_local std::string buffer;\n  return 1;\n}\n")

    def test_constants_functions_and_types_pass(self):
        self.assert_clean("net/a.cc", """\
            namespace teal {
            constexpr int kLimit = 3;
            const std::array<int, 2> kTable = {1, 2};
            inline constexpr auto kTwice = [](int x) { return 2 * x; };
            using Names = std::vector<std::string>;
            enum class Kind : int { a, b };
            struct Forward;
            struct A {
              static int count(int x);
              int value = 0;
            };
            Result<int> parse(std::string_view text, int limit = 3);
            template <class T>
            T identity(T x) {
              static const int kFirst = 1;
              static constexpr std::string_view kName = "x";
              return x;
            }
            bool operator==(const A& a, const A& b);
            }  // namespace teal
            """)


class HeadersAndWords(LintTest):
    def test_a_header_says_what_it_is_and_is_read_once(self):
        self.assert_caught("R9:1", "net/a.h", "#pragma once\n")
        self.assert_caught("R9:1", "net/a.h", "// What it is.\n")
        self.assert_clean("net/a.h", HEADER)

    def test_a_todo_names_its_issue(self):
        self.assert_caught("R9:1", "net/a.cc", "// TODO: later\n")
        self.assert_clean("net/a.cc", "// TODO(#12): later\n")

    def test_names_say_what_a_thing_does(self):
        self.assert_caught("R9:1", "net/string_util.cc", "\n")
        self.assert_caught("R9:1", "net/a.cc", "class PoolManager {};\n")
        self.assert_caught("R9:1", "net/a.cc", "struct ParseHelpers {};\n")
        self.assert_clean("net/utilisation.cc", "class Utilisation {};\n")


class PureUnitTests(LintTest):
    def test_threads_are_for_component_tests(self):
        self.assert_caught("R10:1", "tests/unit/proxy/a_test.cc", "std::jthread other([] {});\n")
        self.assert_clean("tests/component/proxy/a_test.cc", "std::jthread other([] {});\n")
        self.assert_clean("tests/unit/proxy/a_test.cc", "// std::thread is not here.\n")


class SharedIsConst(LintTest):
    def test_what_threads_share_is_never_written(self):
        self.assert_caught("R12:1", "proxy/routing/a.cc", "void f() { std::shared_ptr<ServiceView> view; }\n")
        self.assert_caught("R12:1", "control/deploy/a.cc", "void f() { std::shared_ptr<teal::TargetStates> targets; }\n")
        self.assert_caught("R12:1", "proxy/loop/a.cc", "void f() { const_cast<ServiceView&>(view).split = {}; }\n")
        self.assert_clean("proxy/routing/a.cc", "void f() { std::shared_ptr<const ServiceView> view; }\n")
        self.assert_clean("proxy/routing/a.cc", "void f() { auto view = std::make_shared<ServiceView>(); }\n")


class Size(LintTest):
    def declared(self, body):
        return lint.declared(lint.blank(textwrap.dedent(body)))

    def test_long_files(self):
        self.assert_caught("R11:401", "net/a.cc", "int f();\n" * 401)
        self.assert_clean("net/a.cc", "int f();\n" * 400)
        self.assert_caught("R11:501", "tests/unit/net/a_test.cc", "int f();\n" * 501)
        self.assert_clean("tests/unit/net/a_test.cc", "int f();\n" * 500)

    def test_large_classes(self):
        functions = "".join(f"  int f{n}();\n" for n in range(45))
        members = "".join(f"  int a{n}_ = 0;\n" for n in range(30))
        self.assert_clean("net/a.cc", "class A final : public B {\n" + functions + members + "};\n")
        self.assert_caught("R11:2", "net/a.cc", "\nclass A {\n" + functions + "  void g() { h(); }\n};\n")
        self.assert_caught("R11:1", "net/a.cc", "struct A::State {\n" + members + "  int b = 0;\n};\n")
        self.assert_clean("tests/unit/net/a_test.cc", "class A {\n" + functions * 2 + members * 2 + "};\n")

    def test_counts_what_a_class_declares(self):
        self.assertEqual(self.declared("""
            explicit A(int a, B b = {}) : a_{a}, b_(std::move(b)) { begin(); }
            virtual ~A();
            template <class T>
            requires(!std::same_as<T, int>) A& put(const std::vector<T>& all);
            bool operator==(const A& other) const { return a_ == other.a_; }
            [[nodiscard]] auto size() const -> std::size_t;
            virtual void run(std::function<void(int, int)> done) = 0;
            static A make();
            """), (7, 0))
        self.assertEqual(self.declared("""
            int a_ = 0, b_ = f(1, 2);
            const B& c_;
            std::map<std::string, std::function<void(int, int)>> d_{{"x", g}};
            std::uint8_t e_ : 3;
            std::array<int, 2> f_ = {1, 2};
            std::function<int()> g_ = [] { return 1; };
            struct {
              int x;
            } h_;
            """), (0, 8))

    def test_counts_no_constants_types_or_defaults(self):
        self.assertEqual(self.declared("""
            using Done = std::function<void(int)>;
            static constexpr std::uint64_t kMost = (std::uint64_t{1} << 48U) - 1;
            friend class B;
            enum class Kind : std::uint8_t { a, b };
            struct Inner {
              int x = 0;
              int f();
            };
            A() = default;
            A(const A&) = delete;
            ~A() override = default;
            public:
            static_assert(sizeof(int) == 4);
            """), (0, 0))

    def test_a_comment_and_a_condition_of_the_preprocessor_declare_nothing(self):
        self.assertEqual(self.declared("""
            // int a();
            #ifdef B
            int b_;
            #endif
            """), (0, 1))

    def test_full_folders(self):
        paths = [f"net/http/{n}.h" for n in range(24)] + [f"tests/unit/{n}.cc" for n in range(90)]
        self.assertEqual(list(lint.check_folders(paths)), [])
        self.assertEqual([str(f) for f in lint.check_folders([*paths, "net/http/x.json"])],
                         ["net/http:1: R11: 25 files; at most 24"])

    def test_an_exception_allows_its_size_and_no_more(self):
        with unittest.mock.patch.dict(lint.LARGER, {("net/a.cc", "lines"): (410, "why")}):
            self.assert_clean("net/a.cc", "int f();\n" * 410)
            self.assert_caught("R11:411", "net/a.cc", "int f();\n" * 411)

    def test_an_exception_goes_with_its_need(self):
        exceptions = {("net/a.cc", "lines"): (410, "why"), ("net/a.h", "A functions"): (60, "why")}
        with unittest.mock.patch.dict(lint.LARGER, exceptions, clear=True):
            small = [lint.Source("net/a.cc", "int f();\n" * 400)]
            large = [lint.Source("net/a.cc", "int f();\n" * 405),
                     lint.Source("net/a.h", "class A {\n" + "int f();\n" * 50 + "};\n")]
            self.assertEqual([f.path for f in lint.check_exceptions(small, [])], ["net/a.cc", "net/a.h"])
            self.assertEqual(list(lint.check_exceptions(large, [])), [])

    def test_every_exception_has_a_reason(self):
        self.assertEqual([key for key, (_, why) in lint.LARGER.items() if len(why) < 20 and "as " not in why], [])


if __name__ == "__main__":
    unittest.main()
