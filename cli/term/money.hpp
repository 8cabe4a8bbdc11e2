// Numbers for people.
#pragma once

#include <cstdint>
#include <string>

namespace llmgw {

// Nano-dollars as dollars. From one dollar on: "$1,234.56". Below: at least two decimals and as many as four
// significant digits need ("$0.0123", "$0.0001642"), so that nothing that costs something is shown as $0.00.
std::string dollars(std::int64_t nano);

// Nano-dollars exactly, without a sign for the currency: "0.000164150".
std::string exact_dollars(std::int64_t nano);

// 12345 as "12,345".
std::string grouped(std::int64_t number);

}  // namespace llmgw
