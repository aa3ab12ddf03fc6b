#include "machine.hpp"

#include "elementwise.hpp"
#include "evaluate.hpp"
#include "limit.hpp"
#include "many.hpp"

#define CLEARPROP_QUOTED_(text) #text
#define CLEARPROP_QUOTED(text) CLEARPROP_QUOTED_(text)

namespace clearprop::CLEARPROP_ISA {

const Machine machine{
    CLEARPROP_QUOTED(CLEARPROP_ISA),
    MULTIPLIES_BFLOAT16,
    [](Training<float>& run) { train(run); },
    [](Training<double>& run) { train(run); },
    [](Trainings<float>& many) { ManyTrainer<float>(many).go(); },
    [](Trainings<double>& many) { ManyTrainer<double>(many).go(); },
    [](Evaluation<float>& run) { Evaluator<float>(run).go(); },
    [](Evaluation<double>& run) { Evaluator<double>(run).go(); },
    [](const Prediction<float>& run) { predict(run); },
    [](const Prediction<double>& run) { predict(run); },
    [](Index rounds) { return multiply_add<float>(rounds); },
    [](Index rounds) { return multiply_add<double>(rounds); },
    [](const Elementwise<float>& run) { elementwise(run); },
    [](const Elementwise<double>& run) { elementwise(run); },
};

}  // namespace clearprop::CLEARPROP_ISA
