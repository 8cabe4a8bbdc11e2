// Whether text is one JSON value to its end (RFC 8259). The scanner (json_scan.hpp) checks what it walks and no more;
// whoever hands JSON on as it was written checks all of it first.
//
// Nothing recurses and nothing is allocated; nesting deeper than json_scan::depth_max is no JSON. Bytes inside strings
// need not be UTF-8, and halves of surrogate pairs may stand alone: providers cut text there. A byte order mark in
// front is passed over.
#pragma once

#include <string_view>

namespace llmgw {

bool is_json(std::string_view text);
bool is_json_object(std::string_view text);

}  // namespace llmgw
