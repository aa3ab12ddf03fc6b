// All that a call works on: parameters in rows of whole vectors, and the rows of a batch on their way through.
#pragma once

#include "memory.hpp"
#include "tile.hpp"

namespace clearprop::CLEARPROP_ISA {

// What an update changes together: a parameter, what the optimizer remembers of it, and its gradient.
template <class T>
struct Trained {
    T* value;
    T* slots[2];
    T* gradient;  // summed over the chunks of a large batch, or asked for by the caller
};

// One layer at work. Widths are in whole vectors; the numbers beyond `units` are 0 in weights, biases and deltas.
template <class T>
struct Stage {
    Layer layer;
    Index width, input_stride;
    Trained<T> weights;  // (inputs, width)
    Trained<T> bias;     // (width): one number for the whole layer stands at every unit
    T* transposed;       // (units, width of the layer before): W turned round for the way back; null in layer 1
    const T* inputs;     // (rows, input_stride)
    T* values;           // (rows, width): z, then a
    T* slopes;           // (rows, width): f′(z)
    T* deltas;           // (rows, width): ∂E/∂z
};

enum class Purpose { train, gradients, loss, predict };

// A place where a gradient tile or a bias is summed and updated: each by one thread in one order.
struct Item {
    int layer, row, column;  // row -1: the bias
};

template <class T>
class Workspace {
  public:
    Workspace(const Network& network, Purpose purpose, int slots, Index rows) : network(network), purpose(purpose) {
        chunk = rows;
        slot_count = slots;
        Arena measured;
        lay_out(measured);
        block_ = allocate(measured.used);
        Arena arena{static_cast<char*>(block_)};
        lay_out(arena);
    }
    ~Workspace() { release(block_); }
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    // How many rows go through at once: as many as fit in 32 MiB, so that memory does not grow with the batch.
    static Index rows_at_once(const Network& network, Purpose purpose, Index batch) {
        Index numbers = network.layers[0].inputs;
        for (Index l = 0; l < network.depth; ++l)
            numbers += padded<T>(network.layers[l].units) * (purpose == Purpose::predict ? 1 : 3);
        const Index fitting = (Index(32) << 20) / (numbers * Index(sizeof(T)));
        const Index whole = (fitting > 240 ? fitting : 240) / TILE_ROWS * TILE_ROWS;
        return batch < whole ? batch : whole;
    }

    // From the flat parameters, and the optimizer's memory of them, to rows of whole vectors.
    void load(const T* parameters, T* const* slots) {
        for_each_flat([&](const Stage<T>& stage, Index flat) {
            load_into(stage, stage.weights.value, stage.bias.value, parameters + flat);
            for (int s = 0; s < slot_count; ++s)
                load_into(stage, stage.weights.slots[s], stage.bias.slots[s], slots[s] + flat);
            if (stage.transposed) transpose(stage);
        });
    }

    void store(T* parameters, T* const* slots) const {
        for_each_flat([&](const Stage<T>& stage, Index flat) {
            store_from(stage, stage.weights.value, stage.bias.value, parameters + flat);
            for (int s = 0; s < slot_count; ++s)
                store_from(stage, stage.weights.slots[s], stage.bias.slots[s], slots[s] + flat);
        });
    }

    void store_gradients(T* gradients) const {
        for_each_flat([&](const Stage<T>& stage, Index flat) {
            store_from(stage, stage.weights.gradient, stage.bias.gradient, gradients + flat);
        });
    }

    Stage<T>& last() { return stages[network.depth - 1]; }

    const Network network;
    const Purpose purpose;
    int slot_count;
    Index chunk;  // rows at once
    Stage<T>* stages = nullptr;
    T* gathered = nullptr;   // (chunk, inputs)
    double* losses = nullptr;  // (chunk): wᵢEᵢ
    Item* items = nullptr;
    double* penalties = nullptr;  // of each item
    Index item_count = 0;

  private:
    struct Arena {
        char* base = nullptr;
        Index used = 0;

        template <class U>
        U* take(Index count) {
            U* array = base ? reinterpret_cast<U*>(base + used) : nullptr;
            used += (count * Index(sizeof(U)) + 63) / 64 * 64;
            return array;
        }
    };

    void lay_out(Arena& arena) {
        const bool backward = purpose == Purpose::train || purpose == Purpose::gradients;
        Stage<T>* placed = arena.template take<Stage<T>>(network.depth);
        Stage<T> unplaced{};
        gathered = arena.template take<T>(chunk * network.layers[0].inputs);
        losses = arena.template take<double>(chunk);
        const T* inputs = gathered;
        Index input_stride = network.layers[0].inputs;
        item_count = 0;
        for (Index l = 0; l < network.depth; ++l) {
            Stage<T>& stage = placed ? placed[l] : unplaced;
            const Layer& layer = stage.layer = network.layers[l];
            stage.width = padded<T>(layer.units);
            stage.inputs = inputs;
            stage.input_stride = input_stride;
            stage.weights = trained(arena, layer.inputs * stage.width, backward);
            stage.bias = trained(arena, stage.width, backward);
            stage.transposed = backward && l > 0 ? arena.template take<T>(layer.units * input_stride) : nullptr;
            stage.values = arena.template take<T>(chunk * stage.width);
            stage.slopes = backward ? arena.template take<T>(chunk * stage.width) : nullptr;
            stage.deltas = purpose == Purpose::predict ? nullptr : arena.template take<T>(chunk * stage.width);
            inputs = stage.values;
            input_stride = stage.width;
            const Index panels = (stage.width + TILE_COLUMNS<T> - 1) / TILE_COLUMNS<T>;
            item_count += 1 + (layer.inputs + TILE_ROWS - 1) / TILE_ROWS * panels;
        }
        items = arena.template take<Item>(backward ? item_count : 0);
        penalties = arena.template take<double>(backward ? item_count : 0);
        stages = placed;
        if (backward && placed) list_items();
    }

    Trained<T> trained(Arena& arena, Index count, bool backward) const {
        Trained<T> arrays{arena.template take<T>(count), {nullptr, nullptr}, nullptr};
        for (int s = 0; s < slot_count; ++s) arrays.slots[s] = arena.template take<T>(count);
        if (backward) arrays.gradient = arena.template take<T>(count);
        return arrays;
    }

    void list_items() {
        Item* item = items;
        for (int l = 0; l < int(network.depth); ++l) {
            *item++ = {l, -1, 0};
            for (Index column = 0; column < stages[l].width; column += TILE_COLUMNS<T>)
                for (Index row = 0; row < stages[l].layer.inputs; row += TILE_ROWS)
                    *item++ = {l, int(row), int(column)};
        }
    }

    template <class F>
    void for_each_flat(F f) const {
        Index flat = 0;
        for (Index l = 0; l < network.depth; ++l) {
            f(stages[l], flat);
            flat += stages[l].layer.inputs * stages[l].layer.units + bias_size(stages[l].layer);
        }
    }

    static Index bias_size(const Layer& layer) {
        return layer.bias == Bias::unit ? layer.units : layer.bias == Bias::layer ? 1 : 0;
    }

    static void load_into(const Stage<T>& stage, T* weights, T* bias, const T* flat) {
        const Layer& layer = stage.layer;
        for (Index i = 0; i < layer.inputs; ++i)
            for (Index o = 0; o < layer.units; ++o) weights[i * stage.width + o] = flat[i * layer.units + o];
        const T* given = flat + layer.inputs * layer.units;
        for (Index o = 0; o < layer.units && layer.bias != Bias::none; ++o)
            bias[o] = given[layer.bias == Bias::layer ? 0 : o];
    }

    static void store_from(const Stage<T>& stage, const T* weights, const T* bias, T* flat) {
        const Layer& layer = stage.layer;
        for (Index i = 0; i < layer.inputs; ++i)
            for (Index o = 0; o < layer.units; ++o) flat[i * layer.units + o] = weights[i * stage.width + o];
        for (Index o = 0; o < bias_size(layer); ++o) flat[layer.inputs * layer.units + o] = bias[o];
    }

    static void transpose(const Stage<T>& stage) {
        for (Index i = 0; i < stage.layer.inputs; ++i)
            for (Index o = 0; o < stage.layer.units; ++o)
                stage.transposed[o * stage.input_stride + i] = stage.weights.value[i * stage.width + o];
    }

    void* block_ = nullptr;
};

}  // namespace clearprop::CLEARPROP_ISA
