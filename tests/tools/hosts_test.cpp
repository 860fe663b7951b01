#include "tests/support/text.hpp"
#include "tests/tools/cluster.hpp"

namespace lorafleet {
namespace {

using tests::Cluster;
using Arguments = std::vector<std::string>;

TEST_CASE("a head and two hosts make the bytes of a run alone; status shows them") {
  Cluster cluster;
  cluster.start_head("--out", {"--hosts", "2"});
  cluster.start_host("one");
  REQUIRE(cluster.wait_for("joined"));
  const std::string head = "127.0.0.1:" + std::to_string(cluster.port());
  const auto waiting = tests::run_program({"status", head, "--json"});
  REQUIRE_MESSAGE(waiting.status == 0, waiting.err);
  const auto status = nlohmann::json::parse(waiting.out);
  CHECK(status.at("run") == "small");
  CHECK(status.at("started") == false);
  CHECK(status.at("jobs_waiting") == 6);
  CHECK(status.at("hosts").size() == 1);
  CHECK(status.at("hosts").at(0).at("name") == "one");
  const auto table = tests::run_program({"status", head});
  CHECK(tests::contains(table.out, "waiting for hosts"));
  CHECK(tests::contains(table.out, "working"));
  cluster.start_host("two");
  cluster.check_equal();
  CHECK(cluster.host("one").wait().status == 0);
  CHECK(cluster.host("two").wait().status == 0);
  CHECK(cluster.count("refused") == 0);
  const auto gone = tests::run_program({"status", head});
  CHECK(gone.status == 1);
  CHECK(tests::contains(gone.err, "Connection refused"));
}

TEST_CASE("a head with slots of its own works with a host and without") {
  Cluster cluster;
  cluster.start_head("--out", {"--hosts", "0", "--own-slots", "2"});
  cluster.start_host("late");
  cluster.check_equal();
}

TEST_CASE("a host that stays serves one run after the other") {
  Cluster cluster;
  cluster.start_head("--out");
  tests::Program& host = cluster.start_host("loyal", {"--stay"});
  cluster.check_equal();
  std::filesystem::remove_all(cluster.path("run"));
  cluster.start_head("--out", {"--set", "seed=43"});
  REQUIRE(tests::wait_until([&] { return cluster.head().ended(); }));
  CHECK(cluster.head().wait().status == 0);
  CHECK_FALSE(host.ended());
  host.signal(SIGTERM);
  CHECK(host.wait().status == 130);
}

TEST_CASE("a host without the right data says which content it lacks") {
  Cluster cluster;
  cluster.start_head("--out");
  const std::string original = read_file(cluster.path("rows.jsonl"));
  write_file(cluster.path("rows.jsonl"), original + "\n");
  auto output = cluster.start_host("changed").wait();
  CHECK(output.status == 2);
  CHECK(tests::contains(output.err, "data.path: the run needs rows.jsonl with sha256 "));
  CHECK(tests::contains(output.err, "rows.jsonl has sha256 "));
  CHECK(cluster.wait_for("cannot take part: data.path"));
  std::filesystem::remove(cluster.path("rows.jsonl"));
  output = cluster.start_host("without").wait();
  CHECK(output.status == 2);
  CHECK(tests::contains(output.err, "which is not here"));
  make_folder(cluster.path("assets/deep"));
  write_file(cluster.path("assets/deep/rows.jsonl"), original);
  cluster.start_host("found", {"--assets", cluster.path("assets").string()});
  REQUIRE(cluster.wait_for("joined"));
  write_file(cluster.path("rows.jsonl"), original);
  cluster.check_equal();
}

TEST_CASE("misuse is told before anything is loaded") {
  const tests::SmallScenario scenario;
  const auto fails = [&](Arguments arguments, const std::string& message) {
    const auto output = tests::run_program(arguments);
    CHECK(output.status == 2);
    CHECK_MESSAGE(tests::contains(output.err, message), output.err);
  };
  const std::string file = scenario.file();
  fails({"run", file, "--listen", "0.0.0.0:0", "--out", scenario.path("x")},
        "a plain port trusts everybody");
  fails({"run", file, "--hosts", "2", "--out", scenario.path("x")}, "--listen: is missing");
  fails({"run", file, "--listen", "nonsense", "--out", scenario.path("x")},
        "--listen: \"nonsense\" has no port; allowed: HOST:PORT");
  fails({"run", file, "--listen", "127.0.0.1:0", "--hosts", "0", "--out", scenario.path("x")},
        "nobody would train");
  fails({"run", file, "--listen", "127.0.0.1:0", "--cert", "no.pem", "--out", scenario.path("x")},
        "no.pem");
  fails({"run", file, "--silence", "3", "--out", scenario.path("x")}, "--listen: is missing");
  fails({"run", file, "--listen", "127.0.0.1:0", "--allow", "x", "--out", scenario.path("x")},
        "--allow: needs --cert");
  fails({"run", file, "--listen", "127.0.0.1:0", "--dry-run"}, "--dry-run: trains nothing");
  fails({"run", file, "--listen", "127.0.0.1:0", "--silence", "0", "--out", scenario.path("x")},
        "allowed: 0.1 seconds or more");
  fails({"host"}, "--connect: is missing");
  fails({"host", "--connect", "127.0.0.1:1", "--slots", "5000"}, "allowed: 0 to 1024");
  fails({"host", "--connect", "127.0.0.1:1", "--allow", "x"}, "needs --cert");
  CHECK_FALSE(std::filesystem::exists(scenario.path("x")));
  const auto nobody = tests::run_program({"host", "--connect", "127.0.0.1:1", "--patience", "0.5"});
  CHECK(nobody.status == 1);
  CHECK(tests::contains(nobody.err, "no head at 127.0.0.1:1 for 0.5 s"));
}

/// The words before a command that sees "localhost" as both 127.0.0.1 and ::1, where this process
/// may arrange that; else none, and the machine's own names hold.
Arguments with_both_names(const std::string& hosts_file) {
  write_file(hosts_file, "127.0.0.1 localhost\n::1 localhost\n");
  if (::getuid() != 0) return {};
  const Arguments words = {
      "unshare", "-m", "sh", "-c", "mount --bind " + hosts_file + " /etc/hosts && exec \"$@\"",
      "sh"};
  try {
    return tests::Program({"version"}, "", words).wait().status == 0 ? words : Arguments{};
  } catch (const std::runtime_error&) {
    return {};  // no unshare
  }
}

/// A head at "localhost", plain or with TLS, asked at each address, and a host at each of two.
void check_every_address(const Arguments& of_head, const Arguments& of_host,
                         const std::string& kind) {
  Cluster cluster;
  Arguments more = {"--hosts", "2"};
  more.insert(more.end(), of_head.begin(), of_head.end());
  cluster.start_head("--out", more, with_both_names(cluster.path("hosts")), "localhost");
  const std::string port = std::to_string(cluster.port());
  CHECK(cluster.count("127.0.0.1:" + port) == 1);
  CHECK(cluster.count("; " + kind + ")") == 1);
  const bool v6 = cluster.count("[::1]:" + port) == 1 && cluster.count("not listening on") == 0;
  if (!v6) MESSAGE("localhost is 127.0.0.1 alone here: " << cluster.logs());
  cluster.start_host("one", of_host, {}, "127.0.0.1");
  for (const std::string address : {"127.0.0.1", "localhost", v6 ? "[::1]" : "127.0.0.1"}) {
    Arguments question = {"status", address + ":" + port};
    question.insert(question.end(), of_host.begin(), of_host.end());
    const auto status = tests::run_program(question);
    CHECK_MESSAGE(status.status == 0, status.err);
  }
  cluster.start_host("two", of_host, {}, v6 ? "[::1]" : "localhost");
  cluster.check_equal();
  CHECK(cluster.count("refused") == 0);
}

TEST_CASE("a head at a name is there at every address that the name has") {
  check_every_address({}, {}, "plain");
}

TEST_CASE("so is a head with TLS, and nobody gets in at any of them without a certificate") {
  const tests::Certificates certificates;
  check_every_address(certificates.of("head"), certificates.of("alpha"), "TLS");
  Cluster cluster;
  Arguments of_head = certificates.of("head");
  of_head.insert(of_head.end(), {"--hosts", "1"});
  cluster.start_head("--out", of_head, with_both_names(cluster.path("hosts")), "localhost");
  const std::string port = std::to_string(cluster.port());
  Arguments addresses = {"127.0.0.1"};
  if (cluster.count("[::1]:" + port) == 1) addresses.emplace_back("[::1]");
  for (const std::string& address : addresses) {
    CAPTURE(address);
    CHECK(tests::run_program({"status", address + ":" + port}).status == 1);
    const Arguments others = certificates.of("alpha", "others");
    Arguments stranger = {"--patience", "3"};
    stranger.insert(stranger.end(), others.begin(), others.end());
    const auto output = cluster.start_host("stranger", stranger, {}, address).wait();
    CHECK(output.status == 2);
    CHECK_MESSAGE(tests::contains(output.err, "TLS: certificate verify failed"), output.err);
  }
}

TEST_CASE("addresses that nobody can use are refused with the reason") {
  const tests::SmallScenario scenario;
  const auto refused = [&](const std::string& address) {
    const auto output = tests::run_program(
        {"run", scenario.file(), "--listen", address, "--out", scenario.path("x")});
    CHECK(output.status == 2);
    CHECK_FALSE(std::filesystem::exists(scenario.path("x")));
    return output.err;
  };
  CHECK(tests::contains(refused(":4242"), "has no host"));
  CHECK(tests::contains(refused("::1:4242"), "has an IPv6 address without brackets"));
  CHECK(tests::contains(refused("localhost:http"), "has no port that is a number from 0 to 65535"));
  CHECK(tests::contains(refused("[::1]"), "has no port"));
  CHECK(tests::contains(refused("*:0"), "a plain port trusts everybody"));
  CHECK(tests::contains(refused("0.0.0.0:0"), "a plain port trusts everybody"));
  for (const std::string bad : {"localhost:0", "*:4242", "localhost:http", ":1"}) {
    CHECK(tests::run_program({"host", "--connect", bad}).status == 2);
    CHECK(tests::run_program({"status", bad}).status == 2);
  }
}

TEST_CASE("a head without hosts fails in time, and its run can be resumed") {
  Cluster cluster;
  cluster.start_head("--out", {"--patience", "1"});
  REQUIRE(tests::wait_until([&] { return cluster.head().ended(); }));
  const auto output = cluster.head().wait();
  CHECK(output.status == 1);
  CHECK(tests::contains(output.err, "fewer than 1 host for 1 s, and 6 jobs wait for one"));
  cluster.start_head("--resume");
  cluster.start_host("one");
  cluster.check_equal();
}

}  // namespace
}  // namespace lorafleet
