"""What stands on an explanation's page beside the explanation itself, in English and Chinese."""

from __future__ import annotations

TAGS = {"en": "en", "zh": "zh-Hans"}

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "what": "explanation",
        "theme": "Dark or light",
        "pictures": "The step in pictures",
        "network": "Network",
        "matrices": "Matrices",
        "graph": "Operations",
        "legend": "Yellow is being computed, orange is used.",
        "steps": "Go through the step",
        "first": "To the start",
        "previous": "Previous",
        "next": "Next",
        "last": "To the end",
        "present": "Present line",
        "of": "of",
        "left_out": "{count} more",
        "keys": "Arrow keys go forward and back, Home and End to the start and the end.",
    },
    "zh": {
        "what": "逐步讲解",
        "theme": "深色或浅色",
        "pictures": "这一步的图示",
        "network": "网络",
        "matrices": "矩阵",
        "graph": "运算图",
        "legend": "黄色：正在计算；橙色：被用到。",
        "steps": "逐行查看",
        "first": "回到开头",
        "previous": "上一行",
        "next": "下一行",
        "last": "跳到末尾",
        "present": "当前行",
        "of": "/",
        "left_out": "另有 {count} 个",
        "keys": "方向键前后移动，Home 和 End 跳到开头和末尾。",
    },
}
