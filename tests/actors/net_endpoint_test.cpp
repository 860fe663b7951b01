#include "actors/net/endpoint.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include "actors/net/assets.hpp"
#include "partition/support/error.hpp"
#include "partition/support/files.hpp"
#include "partition/support/hash.hpp"
#include "tests/support/temporary_folder.hpp"

namespace lorafleet::actors::net {
namespace {

TEST_CASE("addresses are read as they are written") {
  const auto endpoint = parse_endpoint("[::1]:4242", "--listen");
  CHECK(endpoint.host == "::1");
  CHECK(endpoint.port == 4242);
  CHECK(endpoint.text() == "[::1]:4242");
  CHECK(parse_endpoint("head.lab:1", "x").text() == "head.lab:1");
  for (const std::string bad : {"", "4242", ":4242", "host", "host:", "host:x", "host:70000",
                                "::1:4242", "[]:1", "host:1 "}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(parse_endpoint(bad, "--listen"), InputError);
  }
}

TEST_CASE("a port is bound once, and a free one is found") {
  const Socket first = listen_on({"127.0.0.1", 0});
  CHECK(first.port > 0);
  CHECK(first.loopback);
  CHECK_THROWS_AS(listen_on({"127.0.0.1", first.port}), RuntimeFailure);
  const Socket peer = connect_to({"localhost", first.port}, std::chrono::seconds(5));
  CHECK(peer.loopback);
  ::close(peer.fd);
  ::close(first.fd);
  CHECK_THROWS_AS(connect_to({"127.0.0.1", first.port}, std::chrono::seconds(5)), RuntimeFailure);
  CHECK_THROWS_AS(listen_on({"no-such-host.invalid", 0}), InputError);
}

TEST_CASE("an asset is found by name and content, whatever lies beside it") {
  const tests::TemporaryFolder folder;
  write_file(folder / "data.jsonl", "one");
  make_folder(folder / "a/b");
  write_file(folder / "a/data.jsonl", "two");
  write_file(folder / "a/b/data.jsonl", "one");
  const Asset asset{"data.path", "/not/here/data.jsonl", sha256_hex("one")};
  CHECK(find_asset(asset, {folder / "a"}) == folder / "a/b/data.jsonl");
  CHECK(find_asset({"data.path", folder / "data.jsonl", asset.sha256}, {}) ==
        folder / "data.jsonl");
  try {
    find_asset({"data.path", folder / "a/data.jsonl", asset.sha256}, {});
    FAIL("found");
  } catch (const InputError& error) {
    const std::string what = error.what();
    CHECK(what.find(sha256_hex("one")) != std::string::npos);
    CHECK(what.find(sha256_hex("two")) != std::string::npos);
  }
  CHECK_THROWS_AS(find_asset(asset, {folder / "nowhere"}), InputError);
}

TEST_CASE(
    "a model folder's hash depends on the files that a model is read from, and on no others") {
  const tests::TemporaryFolder folder;
  write_file(folder / "config.json", "{}");
  write_file(folder / "model.safetensors", "weights");
  const std::string before = content_hash(folder.path());
  write_file(folder / "README.md", "words");
  CHECK(content_hash(folder.path()) == before);
  write_file(folder / "chat_template.jinja", "{{ messages }}");
  const std::string chatty = content_hash(folder.path());
  CHECK(chatty != before);
  std::filesystem::remove(folder / "chat_template.jinja");
  write_file(folder / "model.safetensors", "other weights");
  CHECK(content_hash(folder.path()) != before);
}

}  // namespace
}  // namespace lorafleet::actors::net
