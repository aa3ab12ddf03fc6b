"""What other rooms say in English about a column or a setting, in the report's language."""

from __future__ import annotations

import re
from collections.abc import Mapping

# `{}` stands for whatever is there, and stays.
CHINESE: Mapping[str, str] = {
    # how a column became inputs
    "(x − {}) / {}, softly clipped at ±3": "(x − {}) / {}，在 ±3 处柔和截断",
    "(x + {}) / {}, softly clipped at ±3": "(x + {}) / {}，在 ±3 处柔和截断",
    "x / {}, softly clipped at ±3": "x / {}，在 ±3 处柔和截断",
    "missing or not": "是否缺失",
    "true 1, false −1, missing 0": "真为 1，假为 −1，缺失为 0",
    "true 1, false −1": "真为 1，假为 −1",
    "one input for each of {} categories": "{} 个类别各对应一个输入",
    "one input, the number of one of {} categories": "一个输入，即 {} 个类别之一的编号",
    "year": "年",
    "month": "月",
    "day": "日",
    "weekday": "星期",
    "days": "天数",
    "hour": "小时",
    "{} missing of {}": "{1} 行中缺失 {0}",
    # what is worth a note
    "its texts are read as numbers": "文本被读作数值",
    "whole numbers above 2^53 lose their last digits": "大于 2^53 的整数会丢失末位数字",
    "always the same where it is not missing": "非缺失值全部相同",
    "goes one to one with the target: is it a copy of the answer?": "与目标列一一对应：是否就是答案的副本？",
    "{} of {} values are numbers, but not {}: correct what is wrong, and leave empty what is missing": (
        "{1} 个值中有 {0} 个是数值，但 {2} 不是：请更正错误的值，缺失的值留空"
    ),
    "dates whose day and month cannot be told apart: write them as 2024-12-31": (
        "日期的日与月无法区分：请写成 2024-12-31"
    ),
    "dates that are not read: write them as 2024-12-31": "无法读取的日期：请写成 2024-12-31",
    "dates are read day first": "日期按日在前读取",
    "dates are read month first": "日期按月在前读取",
    # why a column was left out
    "as you asked": "按您的要求",
    "all values are missing": "所有值都缺失",
    "values of type {} are not used": "不使用类型为 {} 的值",
    "always {}": "总是 {}",
    "an identifier: every row has its own number": "标识符：每行的编号都不同",
    "an identifier: every row has its own text": "标识符：每行的文本都不同",
    "numbers with signs or separators in them, which are not read: write 1234.5": (
        "带符号或分隔符的数值，无法读取：请写成 1234.5"
    ),
    "free text: too long for categories": "自由文本：过长，不能作为类别",
    "free text: {} different texts in {} rows": "自由文本：{1} 行中有 {0} 种不同文本",
    # settings
    "optimizer": "优化器",
    "learning rate": "学习率",
    "batch size": "批大小",
    "epochs": "轮数",
    "dropout": "丢弃率（dropout）",
    "seed": "随机种子",
    "{}, weight decay {}": "{}，权重衰减 {}",
    "members": "成员",
    "{}, each without one of {} parts of the rows": "{} 个，各自不学全部行的 {} 份中的一份",
    "at most {}, in one cycle": "最高 {}，单周期",
    "at most {}, in {} waves": "最高 {}，{} 个波",
    "at most {}": "最高 {}",
    "all rows": "所有行",
    "{}; each member keeps its best from epoch {} on": "{}；每个成员保留第 {} 轮起最好的权重",
    "{} after each hidden layer, less from halfway on": "每个隐藏层之后 {}，后半程渐减",
    "{} after each hidden layer": "每个隐藏层之后 {}",
    "platform": "平台",
}
_PATTERNS = {
    re.compile(re.escape(english).replace(r"\{\}", "([^;]+)")): chinese
    for english, chinese in CHINESE.items()
    if "{}" in english
}
_LISTS = {"; ": "；", ", ": "、"}


def in_chinese(words: str) -> str:
    """A phrase, or a list of phrases, in Chinese; what is not known stays as it is.

    >>> in_chinese("3 missing of 40"), in_chinese("year, month"), in_chinese("petal width")
    ('40 行中缺失 3', '年、月', 'petal width')
    """
    if words in CHINESE:
        return CHINESE[words]
    for pattern, chinese in _PATTERNS.items():
        if found := pattern.fullmatch(words):
            return chinese.format(*found.groups())
    for between, then in _LISTS.items():
        if between in words:
            return then.join(in_chinese(part) for part in words.split(between))
    return words
