#include "actors/net/greetings.hpp"

#include "partition/support/printable.hpp"

namespace lorafleet::actors::net {

namespace {

constexpr const char* kMagic = "LoRAFleet";
constexpr std::uint32_t kProtocol = 3;
constexpr std::size_t kLongestText = 1024;
constexpr std::size_t kLongestScenario = std::size_t{64} << 20;
constexpr std::uint32_t kMostSlots = 4096;

}  // namespace

std::string difference(const Environment& here, const Environment& there) {
  std::vector<const std::string*> others;
  Environment::demanded(there,
                        [&](const char*, const std::string& other) { others.push_back(&other); });
  std::string text;
  auto other = others.begin();
  Environment::demanded(here, [&](const char* what, const std::string& own) {
    const std::string& its = **other++;
    if (own == its) return;
    if (!text.empty()) text += ", ";
    text += std::string(what) + " is \"" + own + "\" here and \"" + its + "\" there";
  });
  return text;
}

Bytes encode(const Hello& hello) {
  Bytes bytes;
  WireWriter writer(bytes);
  writer.text(kMagic);
  writer.number(kProtocol);
  writer.text(hello.name);
  writer.number(hello.instance);
  writer.number(hello.slots);
  Environment::fields(hello.environment,
                      [&](const char*, const std::string& text) { writer.text(text); });
  return bytes;
}

Hello decode_hello(BytesView bytes) {
  WireReader reader(bytes);
  if (reader.text(64) != kMagic) throw ProtocolError("this is not LoRAFleet's protocol");
  const auto protocol = reader.number<std::uint32_t>();
  if (protocol != kProtocol) {
    throw ProtocolError("protocol " + std::to_string(protocol) +
                        "; allowed: " + std::to_string(kProtocol));
  }
  Hello hello;
  hello.name = printable(reader.text(64));
  hello.instance = reader.number<std::uint64_t>();
  hello.slots = reader.number<std::uint32_t>();
  Environment::fields(hello.environment,
                      [&](const char*, std::string& text) { text = printable(reader.text(256)); });
  reader.end();
  if (hello.slots == 0 || hello.slots > kMostSlots) {
    throw ProtocolError(std::to_string(hello.slots) + " slots; allowed: 1 to " +
                        std::to_string(kMostSlots));
  }
  return hello;
}

Bytes encode(const RunOffer& offer) {
  Bytes bytes;
  WireWriter writer(bytes);
  writer.text(offer.identity);
  writer.text(offer.scenario);
  writer.number<std::uint64_t>(offer.assets.size());
  for (const Asset& asset : offer.assets) {
    writer.text(asset.key);
    writer.text(asset.path.string());
    writer.text(asset.sha256);
  }
  return bytes;
}

RunOffer decode_offer(BytesView bytes) {
  WireReader reader(bytes);
  RunOffer offer;
  offer.identity = reader.text(kLongestText);
  offer.scenario = reader.text(kLongestScenario);
  const std::size_t assets = reader.count(24);
  for (std::size_t i = 0; i < assets; ++i) {
    Asset asset;
    asset.key = reader.text();
    asset.path = reader.text();
    asset.sha256 = reader.text();
    offer.assets.push_back(std::move(asset));
  }
  reader.end();
  return offer;
}

Bytes encode_text(const std::string& text) {
  Bytes bytes;
  WireWriter(bytes).text(text);
  return bytes;
}

std::string decode_text(BytesView bytes, std::size_t longest) {
  WireReader reader(bytes);
  std::string text = printable(reader.text(longest));
  reader.end();
  return text;
}

}  // namespace lorafleet::actors::net
