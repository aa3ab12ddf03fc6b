#include "machine.hpp"

#include "evaluate.hpp"
#include "limit.hpp"

#define CLEARPROP_QUOTED_(text) #text
#define CLEARPROP_QUOTED(text) CLEARPROP_QUOTED_(text)

namespace clearprop::CLEARPROP_ISA {

const Machine machine{
    CLEARPROP_QUOTED(CLEARPROP_ISA),
    [](Training<float>& run) { Trainer<float>(run).go(); },
    [](Training<double>& run) { Trainer<double>(run).go(); },
    [](Evaluation<float>& run) { Evaluator<float>(run).go(); },
    [](Evaluation<double>& run) { Evaluator<double>(run).go(); },
    [](const Prediction<float>& run) { Predictor<float>(run).go(); },
    [](const Prediction<double>& run) { Predictor<double>(run).go(); },
    [](Index rounds) { return multiply_add<float>(rounds); },
    [](Index rounds) { return multiply_add<double>(rounds); },
};

}  // namespace clearprop::CLEARPROP_ISA
