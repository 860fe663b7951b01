#include "actors/net/tls.hpp"

#include <doctest/doctest.h>

#include "actors/net/connection.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet::actors::net {
namespace {

/// Certificates made once by tools/make-certs.sh: ours (head, alpha, beta) and others (head).
class Certificates {
 public:
  Certificates() {
    const auto script = (tests::source_folder() / "tools/make-certs.sh").string();
    make({script, at("ours"), "alpha", "beta"});
    make({script, at("others"), "alpha"});
  }
  [[nodiscard]] TlsFiles files(const std::string& name, const std::string& from = "ours") const {
    const std::filesystem::path folder = at(from);
    return {folder / (name + ".pem"), folder / (name + ".key"), folder / "ca.pem", {}};
  }
  [[nodiscard]] std::shared_ptr<const TlsContext> context(const std::string& name,
                                                          const std::string& from = "ours") const {
    return std::make_shared<const TlsContext>(files(name, from),
                                              name == "head" ? Side::listening : Side::connecting);
  }
  [[nodiscard]] std::string at(const std::string& name) const { return folder_ / name; }

 private:
  static void make(const std::vector<std::string>& command) {
    const auto result = run_program(command, [](std::string_view) {});
    REQUIRE_MESSAGE(result.status == 0, result.errors);
  }
  tests::TemporaryFolder folder_;
};

const Certificates& certificates() {
  static const Certificates made;
  return made;
}

/// Passes bytes back and forth until both are silent; what the two received.
struct Talk {
  std::vector<Connection::Incoming> head;
  std::vector<Connection::Incoming> host;
};
Talk talk(Connection& head, Connection& host) {
  Talk talk;
  for (int round = 0; round < 100; ++round) {
    const Bytes up = host.take_output();
    const Bytes down = head.take_output();
    if (up.empty() && down.empty()) break;
    for (auto& item : head.receive(up))
      talk.head.push_back(std::move(item));
    for (auto& item : host.receive(down))
      talk.host.push_back(std::move(item));
  }
  return talk;
}

TEST_CASE("two sides of one authority know each other and exchange frames and parcels") {
  Connection head(Side::listening, certificates().context("head"), 1 << 26);
  Connection host(Side::connecting, certificates().context("alpha"), 1 << 26);
  head.admit();
  host.admit();
  host.send(FrameType::hello, Bytes{1, 2, 3});
  const auto parcel = std::make_shared<const Bytes>(5'000'000, std::uint8_t{7});
  host.send(Parcel{ParcelKind::update, parcel});
  head.send(Parcel{ParcelKind::adapter, parcel});
  const Talk heard = talk(head, host);
  CHECK(head.peer() == "CN=alpha,O=LoRAFleet trial");
  CHECK(host.peer() == "CN=head,O=LoRAFleet trial");
  REQUIRE(heard.head.size() == 2);
  CHECK(std::get<Frame>(heard.head[0]).payload == Bytes{1, 2, 3});
  CHECK(*std::get<Parcel>(heard.head[1]).bytes == *parcel);
  REQUIRE(heard.host.size() == 1);
  CHECK(*std::get<Parcel>(heard.host[0]).bytes == *parcel);
}

std::string failure(const std::shared_ptr<const TlsContext>& head,
                    const std::shared_ptr<const TlsContext>& host) {
  Connection a(Side::listening, head, 0);
  Connection b(Side::connecting, host, 0);
  try {
    talk(a, b);
  } catch (const ProtocolError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE(
    "another authority, another purpose, a name that is not listed: refused with the reason") {
  CHECK(failure(certificates().context("head"), certificates().context("alpha", "others"))
            .starts_with("TLS: certificate verify failed"));
  CHECK(failure(certificates().context("alpha"), certificates().context("beta"))
            .ends_with("unsuitable certificate purpose"));
  TlsFiles files = certificates().files("head");
  files.allow = {"CN=beta,O=LoRAFleet trial", "gamma"};
  const auto strict = std::make_shared<const TlsContext>(files, Side::listening);
  CHECK(failure(strict, certificates().context("alpha")) ==
        "TLS: the certificate of CN=alpha,O=LoRAFleet trial is not on the list");
  CHECK(failure(strict, certificates().context("beta")).empty());
}

TEST_CASE("plain bytes are no TLS, and a parcel before admission is refused") {
  Connection head(Side::listening, certificates().context("head"), 100);
  const std::string text = "GET / HTTP/1.1\r\n\r\n";
  CHECK_THROWS_WITH_AS(
      head.receive({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}),
      "TLS: http request", ProtocolError);
  Connection plain(Side::listening, nullptr, 100);
  Bytes stream;
  write_frame(stream, FrameType::chunk, Bytes{3, 1, 0, 0, 0, 0, 0, 0, 0, 9});
  CHECK_THROWS_WITH_AS(plain.receive(stream), "a parcel from somebody who was not admitted",
                       ProtocolError);
}

TEST_CASE("files are checked before they are needed") {
  const auto& made = certificates();
  const auto fails = [](const TlsFiles& files, const std::string& part) {
    try {
      const TlsContext context(files, Side::listening);
      FAIL("no error");
    } catch (const InputError& error) {
      CHECK_MESSAGE(std::string(error.what()).find(part) != std::string::npos, error.what());
    }
  };
  TlsFiles files = made.files("head");
  files.key = made.files("alpha").key;
  fails(files, "alpha.key: is not the private key of ");
  files = made.files("head");
  files.cert = files.key;
  fails(files, "head.key: holds no certificate in PEM form");
  files = made.files("head");
  files.ca = files.key;
  fails(files, "head.key: holds no certificate in PEM form");
  files = made.files("head");
  files.ca = made.files("head", "others").ca;
  fails(files, "peers with this ca would refuse it");
  fails(made.files("alpha"), "unsuitable certificate purpose");
  files = made.files("head");
  files.ca.clear();
  fails(files, "tls.ca: is missing");
  files = made.files("head");
  files.cert = made.at("nothing.pem");
  fails(files, "nothing.pem");
  const auto locked = made.at("locked.key");
  REQUIRE(run_program({"openssl", "ec", "-aes128", "-passout", "pass:secret", "-in",
                       made.files("head").key.string(), "-out", locked},
                      [](std::string_view) {})
              .status == 0);
  files = made.files("head");
  files.key = locked;
  fails(files, "allowed: its key in PEM form, without passphrase");
}

}  // namespace
}  // namespace lorafleet::actors::net
