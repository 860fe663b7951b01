#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "partition/support/random.hpp"
#include "tests/tools/cluster.hpp"

namespace lorafleet {
namespace {

using namespace std::chrono_literals;
using tests::Cluster;
using Arguments = std::vector<std::string>;

/// A plain TCP connection to the head, from this process.
class RawPeer {
 public:
  explicit RawPeer(int port, bool must_connect = true)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int failed = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    REQUIRE((failed == 0 || !must_connect));
    const timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~RawPeer() { ::close(fd_); }
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void send(const std::string& bytes) const {
    (void)!::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  /// Whether the head cuts the connection before the patience ends.
  [[nodiscard]] bool is_cut() const {
    char buffer[4096];
    for (;;) {
      const auto count = ::recv(fd_, buffer, sizeof buffer, 0);
      if (count == 0) return true;
      if (count < 0) return errno == ECONNRESET;
    }
  }

 private:
  int fd_;
};

std::int64_t resident_kilobytes(pid_t pid) {
  const std::string status = read_file("/proc/" + std::to_string(pid) + "/status");
  return std::stoll(status.substr(status.find("VmRSS:") + 6));
}

std::size_t open_files(pid_t pid) {
  const auto folder = std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
}

std::string random_bytes(std::uint64_t number, std::size_t size) {
  Random random(13, Purpose::schedule_test, number);
  std::string bytes(size, '\0');
  for (char& byte : bytes)
    byte = static_cast<char>(random.below(256));
  return bytes;
}

std::string header(std::uint32_t length, std::uint32_t type) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 4);
  std::memcpy(bytes.data() + 4, &type, 4);
  return bytes;
}

/// Everything that somebody without a certificate can do to a port.
void attack(int port, pid_t head) {
  const auto memory = resident_kilobytes(head);
  const auto files = open_files(head);
  {
    std::vector<std::unique_ptr<RawPeer>> half_open;
    for (int i = 0; i < 300; ++i)
      half_open.push_back(std::make_unique<RawPeer>(port));
    for (int i = 0; i < 100; ++i)
      RawPeer scan(port);
    half_open[0]->send("GET / HTTP/1.1\r\nHost: head\r\n\r\n");
    half_open[1]->send("\x16\x03\x01");
    half_open[2]->send(std::string(8, '\0'));
    half_open[3]->send(header(0xffffffffu, 1));
    CHECK(half_open[0]->is_cut());
    CHECK(half_open[2]->is_cut());
    CHECK(half_open[3]->is_cut());
    CHECK(half_open[1]->is_cut());  // after its time to introduce itself
    CHECK(half_open[200]->is_cut());
    CHECK(half_open[299]->is_cut());
  }
  for (std::uint64_t i = 0; i < 200; ++i) {
    const RawPeer peer(port);
    peer.send(random_bytes(i, 1 + i * 37));
    peer.send(header(100, 1) + random_bytes(i, 100));
    if (i % 20 == 0) CHECK(peer.is_cut());
  }
  const RawPeer flood(port);
  const std::string block = random_bytes(999, 1 << 20);
  for (int i = 0; i < 50; ++i)
    flood.send(block);
  CHECK(tests::wait_until([&] { return open_files(head) <= files + 2; }, 30s));
  const auto grown = resident_kilobytes(head) - memory;
  MESSAGE("resident memory grew by " << grown << " kB, open files from " << files << " to "
                                     << open_files(head));
  CHECK(grown < 64 * 1024);
}

/// Garbage as long as the run lasts.
void pester(Cluster& cluster) {
  for (std::uint64_t i = 0; !cluster.head().ended(); ++i) {
    const RawPeer peer(cluster.port(), false);
    peer.send(random_bytes(i, 1 + i % 3000));
    std::this_thread::sleep_for(10ms);
  }
}

TEST_CASE("a TLS port lets nobody in without a certificate of ours, and the run goes on") {
  const tests::Certificates certificates;
  Cluster cluster({}, 60);
  Arguments tls = certificates.of("head");
  tls.insert(tls.end(), {"--hosts", "2", "--allow", "alpha"});
  cluster.silence(15);
  cluster.start_head("--out", tls);
  cluster.start_host("good", certificates.of("alpha"));
  REQUIRE(cluster.wait_for("host good"));

  const auto refused = [&](const std::string& name, const Arguments& with, const std::string& told,
                           const std::string& logged) {
    CAPTURE(name);
    Arguments all = with;
    all.insert(all.end(), {"--patience", "3"});
    const auto output = cluster.start_host(name, all).wait();
    CHECK(output.status == 2);
    CHECK_MESSAGE(output.err.find(told) != std::string::npos, output.err);
    CHECK_MESSAGE(cluster.wait_for(logged, 1, 5s), cluster.logs());
  };
  refused("stranger", certificates.of("alpha", "others"), "TLS: certificate verify failed",
          "unknown ca");
  refused("unlisted", certificates.of("beta"), "is not on the list",
          "CN=beta,O=LoRAFleet trial is not on the list");
  const tests::SmallScenario scenario;
  Arguments as_head = {"run",         scenario.file(), "--listen",
                       "127.0.0.1:0", "--out",         scenario.path("x")};
  const Arguments of_a_host = certificates.of("alpha");
  as_head.insert(as_head.end(), of_a_host.begin(), of_a_host.end());
  const auto impostor = tests::run_program(as_head);
  CHECK(impostor.status == 2);
  CHECK_MESSAGE(impostor.err.find("unsuitable certificate purpose") != std::string::npos,
                impostor.err);

  attack(cluster.port(), cluster.head().pid());
  const auto plain = cluster.start_host("plain", {"--patience", "3"}).wait();
  CHECK(plain.status != 0);
  CHECK(cluster.count("refused 127.0.0.1:") >= 5);
  cluster.start_host("second", certificates.of("alpha"));
  pester(cluster);
  cluster.check_equal();
  CHECK(cluster.count("lost host") == 0);
}

TEST_CASE("a plain port on loopback survives garbage too") {
  Cluster cluster({}, 60);
  cluster.silence(15);
  cluster.start_head("--out", {"--hosts", "2"});
  cluster.start_host("good");
  REQUIRE(cluster.wait_for("joined"));
  attack(cluster.port(), cluster.head().pid());
  cluster.start_host("second");
  pester(cluster);
  cluster.check_equal();
  CHECK(cluster.count("lost host") == 0);
}

}  // namespace
}  // namespace lorafleet
