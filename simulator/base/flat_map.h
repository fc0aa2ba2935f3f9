// FlatMap, FlatSet: hash tables in one piece of memory (robin-map behind them), for what is looked up by a packet. Room
// for the stated number of elements is made at construction: within it nothing is allocated and nothing is moved at
// once, so that no single insert is slow.
//
// Keys may be looked up by another type than the stored one: `Hash` and `Equal` then take both, and `Equal` says so
// with `is_transparent`. Both may carry state, such as a pointer to the records that a set of indices stands for.
#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include <tsl/robin_map.h>
#include <tsl/robin_set.h>

namespace base {

template <class Key, class Hash = std::hash<Key>, class Equal = std::equal_to<Key>>
class FlatSet {
public:
    explicit FlatSet(std::size_t capacity, const Hash& hash = Hash(), const Equal& equal = Equal())
        : set_(0, hash, equal) {
        set_.reserve(capacity);
    }

    // The stored key, or null. Valid until the next insert or erase.
    template <class K>
    const Key* find(const K& key) const {
        const auto found = set_.find(key);
        return found == set_.end() ? nullptr : &*found;
    }
    bool insert(const Key& key) { return set_.insert(key).second; }
    bool erase(const Key& key) { return set_.erase(key) != 0; }
    std::size_t size() const { return set_.size(); }

private:
    tsl::robin_set<Key, Hash, Equal> set_;
};

template <class Key, class Value, class Hash = std::hash<Key>, class Equal = std::equal_to<Key>>
class FlatMap {
public:
    explicit FlatMap(std::size_t capacity, const Hash& hash = Hash(), const Equal& equal = Equal())
        : map_(0, hash, equal) {
        map_.reserve(capacity);
    }

    // The value, or null. Valid until the next insert or erase.
    template <class K>
    Value* find(const K& key) {
        const auto found = map_.find(key);
        return found == map_.end() ? nullptr : &found.value();
    }
    template <class K>
    const Value* find(const K& key) const {
        const auto found = map_.find(key);
        return found == map_.end() ? nullptr : &found.value();
    }
    // False, and nothing changes, where the key is there already.
    bool insert(const Key& key, Value value) { return map_.emplace(key, std::move(value)).second; }
    bool erase(const Key& key) { return map_.erase(key) != 0; }
    std::size_t size() const { return map_.size(); }

private:
    tsl::robin_map<Key, Value, Hash, Equal> map_;
};

}  // namespace base
