#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "model/training/batching.hpp"
#include "partition/support/error.hpp"
#include "partition/support/indices.hpp"
#include "partition/support/random.hpp"
#include "tests/model/golden_opt.hpp"
#include "tests/model/network/inspect.hpp"

using namespace lorafleet;
using namespace lorafleet::model;
using namespace lorafleet::tests;

namespace {

using Sequence = std::vector<std::int32_t>;

const GoldenOpt& golden_model() {
  static const GoldenOpt model("opt_prenorm");
  return model;
}

Sequence random_sequence(Random& random, std::size_t length) {
  Sequence tokens(length);
  for (auto& token : tokens) {
    token = static_cast<std::int32_t>(random.below(512));
  }
  return tokens;
}

PackedBatch packed(const std::vector<Sequence>& sequences) {
  PackedBatch batch;
  for (const Sequence& sequence : sequences) {
    batch.add(sequence, sequence.size() / 2);
  }
  return batch;
}

std::vector<float> logits_of(const std::vector<Sequence>& sequences) {
  const Adapter adapter = golden_model().adapter("lora.init.");
  return packed_logits(golden_model().base(), &adapter, packed(sequences), false);
}

/// The rows of the sequence with this index.
std::vector<float> rows_of(const std::vector<float>& all, const std::vector<Sequence>& sequences,
                           std::size_t index) {
  std::size_t first = 0;
  for (std::size_t i = 0; i < index; ++i) {
    first += sequences[i].size();
  }
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first * 512);
  return {begin, begin + static_cast<std::ptrdiff_t>(sequences[index].size() * 512)};
}

EncodedData data_of(const std::vector<std::size_t>& lengths) {
  EncodedData data;
  for (const std::size_t length : lengths) {
    data.add(Sequence(length, 5), length / 2, length / 2);
  }
  return data;
}

Indices first_examples(std::size_t count) {
  Indices all(count);
  std::iota(all.begin(), all.end(), 0u);
  return all;
}

}  // namespace

TEST_CASE("neither order nor partners change a sequence's logits") {
  CHECK(rc::check("alone or packed", [](std::uint64_t seed) {
    Random random(seed, Purpose::sample);
    std::vector<Sequence> sequences;
    const std::size_t count = 2 + random.below(5);
    for (std::size_t i = 0; i < count; ++i) {
      sequences.push_back(random_sequence(random, 1 + random.below(128)));
    }
    const std::vector<float> together = logits_of(sequences);
    std::vector<Sequence> reversed(sequences.rbegin(), sequences.rend());
    const std::vector<float> backwards = logits_of(reversed);
    for (std::size_t i = 0; i < count; ++i) {
      const std::vector<float> alone = logits_of({sequences[i]});
      RC_ASSERT(largest_difference(rows_of(together, sequences, i), alone) <= 1e-5);
      RC_ASSERT(largest_difference(rows_of(backwards, reversed, count - 1 - i), alone) <= 1e-5);
    }
  }));
}

TEST_CASE("attention never crosses examples") {
  CHECK(rc::check(
      "changing one example leaves the others' logits bit for bit", [](std::uint64_t seed) {
        Random random(seed, Purpose::sample);
        std::vector<Sequence> sequences;
        const std::size_t count = 2 + random.below(4);
        for (std::size_t i = 0; i < count; ++i) {
          sequences.push_back(random_sequence(random, 1 + random.below(60)));
        }
        const std::vector<float> before = logits_of(sequences);
        const std::size_t changed = random.below(count);
        for (auto& token : sequences[changed]) {
          token = (token + 1) % 512;
        }
        const std::vector<float> after = logits_of(sequences);
        for (std::size_t i = 0; i < count; ++i) {
          const bool same = rows_of(before, sequences, i) == rows_of(after, sequences, i);
          RC_ASSERT(same == (i != changed));
        }
      }));
}

TEST_CASE("no token sees a later one") {
  Random random(3, Purpose::sample);
  Sequence sequence = random_sequence(random, 128);
  const std::vector<float> before = logits_of({sequence});
  sequence.back() = (sequence.back() + 1) % 512;
  const std::vector<float> after = logits_of({sequence});
  const auto last = static_cast<std::ptrdiff_t>(127 * 512);
  CHECK(std::equal(before.begin(), before.begin() + last, after.begin()));
  CHECK_FALSE(std::equal(before.begin() + last, before.end(), after.begin() + last));
}

TEST_CASE("the head at labelled rows only gives the full head's rows") {
  for (const char* name : {"opt_prenorm", "opt_postnorm_proj"}) {
    const GoldenOpt model(name);
    const Adapter adapter = model.adapter("lora.init.");
    Random random(4, Purpose::sample);
    const PackedBatch batch = packed({random_sequence(random, 30), random_sequence(random, 17)});
    const auto all = packed_logits(model.base(), &adapter, batch, false);
    const auto some = packed_logits(model.base(), &adapter, batch, true);
    CHECK(largest_difference(some, take_rows(all, batch.label_rows, 512)) <= 1e-5);
  }
}

TEST_CASE("labels are the target's tokens, predicted from their left neighbours") {
  PackedBatch batch;
  batch.add(Sequence{10, 11, 12, 13}, 2);
  batch.add(Sequence{20, 21}, 0);  // the first token has no neighbour
  batch.add(Sequence{30}, 1);
  CHECK(batch.tokens == std::vector<std::int64_t>{10, 11, 12, 13, 20, 21, 30});
  CHECK(batch.positions == std::vector<std::int64_t>{0, 1, 2, 3, 0, 1, 0});
  CHECK(batch.offsets == std::vector<std::int64_t>{0, 4, 6, 7});
  CHECK(batch.label_rows == std::vector<std::int64_t>{1, 2, 4});
  CHECK(batch.labels == std::vector<std::int64_t>{12, 13, 21});
}

TEST_CASE("every epoch has each example once, and no batch is too full") {
  CHECK(rc::check("batches of a plan", [](std::uint64_t seed) {
    Random random(seed, Purpose::sample);
    std::vector<std::size_t> lengths(1 + random.below(40));
    for (auto& length : lengths) {
      length = random.below(100);  // some are empty
    }
    const EncodedData data = data_of(lengths);
    TrainConfig train;
    train.epochs = 1 + static_cast<std::int64_t>(random.below(3));
    train.batch_tokens = 80;
    const auto plan = plan_batches(data, first_examples(lengths.size()), train, seed, 1, 2);
    std::vector<std::int64_t> seen(lengths.size(), 0);
    for (const auto& batch : plan) {
      RC_ASSERT(!batch.empty());
      RC_ASSERT(batch.size() == 1 || count_tokens(data, batch) <= 80);
      for (const auto example : batch) {
        ++seen[example];
      }
    }
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      RC_ASSERT(seen[i] == (lengths[i] > 0 ? train.epochs : 0));
    }
  }));
}

TEST_CASE("examples are split in order into parts that are not too full") {
  CHECK(rc::check("parts", [](std::uint64_t seed) {
    Random random(seed, Purpose::sample);
    std::vector<std::size_t> lengths(random.below(40));
    for (auto& length : lengths) {
      length = 1 + random.below(100);
    }
    const EncodedData data = data_of(lengths);
    const auto examples = first_examples(lengths.size());
    Indices joined;
    std::int64_t before = 80;
    for (const auto part : split_by_tokens(data, examples, 80)) {
      RC_ASSERT(!part.empty());
      RC_ASSERT(part.size() == 1 || count_tokens(data, part) <= 80);
      RC_ASSERT(before + count_tokens(data, part.first(1)) > 80);  // no part ends too early
      before = count_tokens(data, part);
      joined.insert(joined.end(), part.begin(), part.end());
    }
    RC_ASSERT(joined == examples);
  }));
}

TEST_CASE("steps are counted exactly, through as many epochs as it takes") {
  const EncodedData data = data_of({10, 10, 10, 10, 10});
  TrainConfig train;
  train.batch_size = 2;  // three batches an epoch
  for (const std::int64_t steps : {1, 2, 3, 4, 7}) {
    train.steps = steps;
    const auto plan = plan_batches(data, first_examples(5), train, 9, 0, 0);
    REQUIRE(plan.size() == static_cast<std::size_t>(steps));
    for (std::size_t i = 0; i < plan.size(); ++i) {
      CHECK(plan[i].size() == (i % 3 == 2 ? 1 : 2));
    }
  }
  train.steps = 4;
  CHECK(plan_batches(data, {}, train, 9, 0, 0).empty());
}

TEST_CASE("a plan depends on run seed, client and seq, and on nothing else") {
  const EncodedData data = data_of(std::vector<std::size_t>(30, 10));
  const TrainConfig train;
  const auto plan = [&](std::uint64_t seed, std::uint64_t client, std::uint64_t seq) {
    return plan_batches(data, first_examples(30), train, seed, client, seq);
  };
  CHECK(plan(1, 2, 3) == plan(1, 2, 3));
  CHECK(plan(1, 2, 3) != plan(2, 2, 3));
  CHECK(plan(1, 2, 3) != plan(1, 3, 3));
  CHECK(plan(1, 2, 3) != plan(1, 2, 4));
}

TEST_CASE("data that do not fit the model are refused") {
  const ModelShape& shape = golden_model().base().shape();
  CHECK_THROWS_WITH_AS(check_fits(data_of({129}), shape),
                       "data: example 0 has 129 tokens, the model takes 128; lower data.max_tokens",
                       InputError);
  EncodedData data;
  data.add(Sequence{1, 512}, 1, 0);
  CHECK_THROWS_WITH_AS(
      check_fits(data, shape),
      "data: example 0 has token 512, the model's vocabulary has 512: tokenizer and model do not "
      "belong together",
      InputError);
}
