#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "actors/net/frames.hpp"
#include "actors/net/greetings.hpp"
#include "actors/net/payloads.hpp"
#include "tests/actors/fake_run.hpp"

namespace lorafleet::actors::net {
namespace {

Bytes some_bytes(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return bytes;
}

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

TEST_CASE("numbers, texts and floats come out as they went in") {
  CHECK(rc::check([](std::uint64_t a, std::int32_t b, std::string text, std::vector<float> values) {
    Bytes bytes;
    WireWriter writer(bytes);
    writer.number(a);
    writer.number(b);
    writer.text(text);
    writer.floats(values);
    writer.real(-0.0);
    WireReader reader(bytes);
    RC_ASSERT(reader.number<std::uint64_t>() == a);
    RC_ASSERT(reader.number<std::int32_t>() == b);
    RC_ASSERT(reader.text(std::numeric_limits<std::size_t>::max()) == text);
    const auto floats = reader.floats();
    RC_ASSERT(std::equal(floats.begin(), floats.end(), values.begin(), values.end(), same_bits));
    RC_ASSERT(std::signbit(reader.real()));
    reader.end();
  }));
}

TEST_CASE("a length is held against what is there before anything is allocated") {
  Bytes bytes;
  WireWriter(bytes).number(std::numeric_limits<std::uint64_t>::max());
  CHECK_THROWS_WITH_AS(WireReader(bytes).floats(),
                       "a list of 18446744073709551615 elements in 0 bytes", ProtocolError);
  CHECK_THROWS_AS(WireReader(bytes).text(), ProtocolError);
  const Bytes three(3);
  CHECK_THROWS_AS(WireReader(three).number<std::uint32_t>(), ProtocolError);
  CHECK_THROWS_AS(WireReader(three).end(), ProtocolError);
}

TEST_CASE("frames come out whole however the stream is cut") {
  CHECK(rc::check([](std::vector<std::uint16_t> sizes, std::uint8_t step) {
    Bytes stream;
    for (const auto size : sizes)
      write_frame(stream, FrameType::alive, some_bytes(size));
    FrameReader reader(kLongestFrame);
    std::size_t seen = 0;
    const std::size_t piece = static_cast<std::size_t>(step) * 97 + 1;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.feed(BytesView(stream).subspan(at, std::min(piece, stream.size() - at)));
      while (const auto frame = reader.next()) {
        RC_ASSERT(frame->type == FrameType::alive);
        RC_ASSERT(frame->payload == some_bytes(sizes[seen]));
        ++seen;
      }
    }
    RC_ASSERT(seen == sizes.size());
  }));
}

TEST_CASE("garbage is known by its first eight bytes") {
  for (const std::string text :
       {"GET / HTTP/1.1\r\n", "SSH-2.0-OpenSSH_9", "\x16\x03\x01\x02\x01\x01\xfc\x03"}) {
    FrameReader reader(kLongestFrame);
    reader.feed({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    CHECK_THROWS_AS((void)reader.next(), ProtocolError);
  }
  FrameReader reader(kLongestStrangerFrame);
  Bytes huge;
  WireWriter writer(huge);
  writer.number<std::uint32_t>(0xfffffff0u);
  writer.number(static_cast<std::uint32_t>(FrameType::hello));
  reader.feed(huge);
  CHECK_THROWS_WITH_AS((void)reader.next(), "a frame of 4294967280 bytes; allowed: at most 4096",
                       ProtocolError);
}

TEST_CASE("every payload survives its way") {
  const auto layout = tests::tiny_layout();
  auto change = std::make_shared<model::BaseChange>();
  change->id = 77;
  change->modules = layout->modules();
  change->deltas = {{1.0f, -2.0f, 3.0f, 4.5f}};
  const auto back = decode_base_change(encode(*change));
  CHECK(back->id == 77);
  CHECK(back->modules == change->modules);
  CHECK(back->deltas == change->deltas);

  auto adapter = std::make_shared<model::Adapter>(*tests::flat_adapter(0.25f));
  adapter->base_change = change;
  const Bytes bytes = encode(NumberedAdapter{5, adapter});
  const auto numbered = decode_adapter(
      bytes, [&](std::uint64_t id) { return id == 77 ? model::BaseChangePtr(change) : nullptr; });
  CHECK(numbered.number == 5);
  CHECK(*numbered.adapter->layout == *layout);
  CHECK(numbered.adapter->values == adapter->values);
  CHECK(numbered.adapter->base_change == change);
  CHECK_THROWS_WITH_AS(decode_adapter(bytes, [](std::uint64_t) { return nullptr; }),
                       "an adapter on an unknown base change", ProtocolError);

  auto whole = std::make_shared<model::Adapter>();
  whole->layout = std::make_shared<const model::AdapterLayout>(
      layout->modules(), std::vector<model::WholeTensor>{{"classifier.weight", {2, 3}}});
  whole->values.assign(whole->layout->size(), 0.5f);
  const auto classifier = decode_adapter(encode(NumberedAdapter{6, whole}), nullptr);
  CHECK(*classifier.adapter->layout == *whole->layout);
  CHECK(classifier.adapter->values == whole->values);

  auto state = std::make_shared<model::PrivateState>();
  state->vectors = {{"feedback", {1.0f, 2.0f}}, {"b", {}}};
  TrainOrder order{{{{3}, {9}}, {2}, {123456}, nullptr, state, model::Factors::b}, 5};
  const auto ordered = decode_order(encode(order));
  CHECK(ordered.request.id.client.value == 3);
  CHECK(ordered.request.id.seq.value == 9);
  CHECK(ordered.request.version.value == 2);
  CHECK(ordered.request.arrival.microseconds == 123456);
  CHECK(ordered.request.trains == model::Factors::b);
  CHECK(ordered.request.state->vectors == state->vectors);
  CHECK(ordered.adapter == 5);

  const ClientUpdate update{{{3}, {9}}, adapter, {1, 2, 3, 4, 0.5, 0.25, 0.125}, nullptr};
  const auto trained = decode_update(encode(update));
  CHECK(trained.values == adapter->values);
  CHECK(trained.stats.steps == 4);
  CHECK(trained.stats.last_loss == 0.25);
  CHECK(trained.state == nullptr);

  const auto failed = decode_failed(encode(JobFailed{{{1}, {2}}, "no memory"}));
  CHECK(failed.reason == "no memory");
  CHECK(decode_numbers(encode_numbers({1, 2, 1000})) == std::vector<std::uint64_t>{1, 2, 1000});

  const Hello hello{
      "gpu-7", 42, 8, {"0.1.0", "1.13.1", "OpenBLAS", "Haswell", "2.6.3", "AVX2", "a CPU"}};
  const auto greeted = decode_hello(encode(hello));
  CHECK(greeted.name == "gpu-7");
  CHECK(greeted.instance == 42);
  CHECK(greeted.slots == 8);
  CHECK(greeted.environment == hello.environment);
  CHECK(
      difference(hello.environment, {"0.1.0", "2.6.0", "OpenBLAS", "SkylakeX", "2.6.3", "AVX2"}) ==
      "LibTorch is \"1.13.1\" here and \"2.6.0\" there, "
      "BLAS's kernel set is \"Haswell\" here and \"SkylakeX\" there");

  const RunOffer offer{"abc", "name = \"x\"", {{"data.path", "/a/b.jsonl", "ff"}}};
  const auto offered = decode_offer(encode(offer));
  CHECK(offered.scenario == offer.scenario);
  CHECK(offered.assets.front().path == "/a/b.jsonl");
}

template <typename Decode>
void survives(const Bytes& bytes, const Decode& decode) {
  try {
    decode(bytes);
  } catch (const ProtocolError&) {
  }
}

TEST_CASE("no bytes do more harm than a ProtocolError") {
  const auto all = [](const Bytes& bytes) {
    survives(bytes, [](const Bytes& b) { decode_base_change(b); });
    survives(bytes, [](const Bytes& b) {
      decode_adapter(b, [](std::uint64_t) { return std::make_shared<model::BaseChange>(); });
    });
    survives(bytes, [](const Bytes& b) { decode_order(b); });
    survives(bytes, [](const Bytes& b) { decode_update(b); });
    survives(bytes, [](const Bytes& b) { decode_failed(b); });
    survives(bytes, [](const Bytes& b) { decode_job(b); });
    survives(bytes, [](const Bytes& b) { decode_numbers(b); });
    survives(bytes, [](const Bytes& b) { decode_hello(b); });
    survives(bytes, [](const Bytes& b) { decode_offer(b); });
    survives(bytes, [](const Bytes& b) { decode_text(b); });
  };
  CHECK(rc::check([&](Bytes bytes) { all(bytes); }));
  // Valid ones with some bytes changed or cut off go deeper.
  const ClientUpdate update{{{3}, {9}}, tests::flat_adapter(1.0f), {}, nullptr};
  const std::vector<Bytes> valid = {
      encode(update), encode(NumberedAdapter{5, tests::flat_adapter(1.0f)}),
      encode(TrainOrder{{{{3}, {9}}, {2}, {1}, nullptr, nullptr, model::Factors::both}, 5}),
      encode(Hello{"a", 1, 1, {}}), encode(RunOffer{"a", "b", {{"c", "d", "e"}}})};
  CHECK(rc::check([&] {
    Bytes bytes = valid[*rc::gen::inRange<std::size_t>(0, valid.size())];
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<std::uint8_t>();
    bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
    all(bytes);
  }));
}

TEST_CASE("a stranger's hello says what is wrong with it") {
  CHECK_THROWS_WITH_AS(decode_hello(encode(Hello{"a", 1, 0, {}})), "0 slots; allowed: 1 to 4096",
                       ProtocolError);
  CHECK(decode_hello(encode(Hello{"a\x1b[31mb", 1, 1, {}})).name == "a\xEF\xBF\xBD[31mb");
}

}  // namespace
}  // namespace lorafleet::actors::net
