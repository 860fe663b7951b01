// One entry of a dropout mask as a function of numbers alone: a GPU compiles this text when it is
// first needed, and the host compiles it too, so that tests without a GPU hold it against
// drop_entries. KERNEL_TEXT makes code or a string of it, so there is no preprocessor inside.
//
// T is int; the words of key and counter, and the place of the row's first entry, are unsigned ones
// in its bits. Entry 64 b + 16 w + l goes by word w of block 16 b + l of Philox4x32-10 (Salmon et
// al., SC 2011): the bits of `kept` where it is below `keep_below`, else 0.
KERNEL_TEXT(template <typename T> T drop_factor(T key_low, T key_high, T counter_low,
                                                T counter_high, T first, T column,
                                                long long keep_below, long long kept) {
  const unsigned int entry = static_cast<unsigned int>(first) + static_cast<unsigned int>(column);
  unsigned int c0 = entry / 64u * 16u + entry % 16u;
  unsigned int c1 = 0u;
  unsigned int c2 = static_cast<unsigned int>(counter_low);
  unsigned int c3 = static_cast<unsigned int>(counter_high);
  unsigned int key0 = static_cast<unsigned int>(key_low);
  unsigned int key1 = static_cast<unsigned int>(key_high);
  for (int round = 0; round < 10; ++round) {
    const unsigned long long product0 = 0xD2511F53ull * c0;
    const unsigned long long product1 = 0xCD9E8D57ull * c2;
    c0 = static_cast<unsigned int>(product1 >> 32) ^ c1 ^ key0;
    c1 = static_cast<unsigned int>(product1);
    c2 = static_cast<unsigned int>(product0 >> 32) ^ c3 ^ key1;
    c3 = static_cast<unsigned int>(product0);
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  const unsigned int word = entry % 64u / 16u;
  const unsigned int drawn = word == 0u ? c0 : word == 1u ? c1 : word == 2u ? c2 : c3;
  return drawn < static_cast<unsigned int>(keep_below) ? static_cast<T>(kept) : static_cast<T>(0);
})
