// simdjson as an oracle for the strict reader.
//
// In: bytes.  Out: 1 it is a document, 0 it is none, -1 a number is beyond what
// simdjson keeps (its error does not say whether the number's text is good).

#include <cstddef>
#include <cstdint>

#include <simdjson.h>


extern "C" int ig_oracle_simdjson(const std::uint8_t *data, std::size_t len);


// simdjson reads lazily only through On-Demand; the DOM parser used here looks
// at every byte.

int
ig_oracle_simdjson(const std::uint8_t *data, std::size_t len)
{
    static simdjson::dom::parser  parser;

    simdjson::padded_string  text(reinterpret_cast<const char *>(data), len);
    simdjson::dom::element   root;

    auto  error = parser.parse(text).get(root);

    switch (error) {

    case simdjson::SUCCESS:
        return 1;

    case simdjson::NUMBER_ERROR:
        return -1;

    default:
        return 0;
    }
}
