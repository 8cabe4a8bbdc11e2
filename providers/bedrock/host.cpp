// AWS Bedrock. Claude is asked by InvokeModel, in Anthropic's own format, so that its clients get its own events; every
// other model by Converse. Where a model's id does not say whose it is (an application inference profile), Converse
// serves, which all of them speak, or what `dialects` names.
#include <array>

#include "providers/bedrock/credentials.hpp"
#include "providers/bedrock/framing.hpp"
#include "providers/bedrock/requests.hpp"
#include "providers/hosts.hpp"

namespace llmgw {
namespace {

constexpr std::array<std::string_view, 1> settings{"region"};
constexpr std::array<std::string_view, 2> secret_members{"SecretAccessKey", "SessionToken"};

}  // namespace

const Host bedrock_host{.settings = settings,
                        .complete = bedrock::complete,
                        .own_origin = bedrock::own_origin,
                        .serves = bedrock::serves,
                        .url = bedrock::url,
                        .body = bedrock::body,
                        .secret_form = SecretForm::document,
                        .secret_members = secret_members,
                        .credential = bedrock::credential,
                        .authorise = bedrock::authorise,
                        .framing = bedrock::framing,
                        .error = bedrock::error,
                        .check = bedrock::check};

}  // namespace llmgw
