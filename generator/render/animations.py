"""Animations of Matplotlib (`to_jshtml`) where no script plays them: their first frame.

Of such HTML a page without its script, and every feed, would have an empty picture and the words
beside its buttons. It is as `matplotlib._animation_data.DISPLAY_TEMPLATE` has it.
"""

from __future__ import annotations

import re
from html import escape

NAME = "_anim_img"
PLAYER = re.compile(
    rf'<div class="animation">\s*<img id="{NAME}(\w+)">.*?</form>\s*</div>\s*</div>', re.DOTALL
)
FRAME = re.compile(rf'img_id = "{NAME}(\w+)".*?frames\[0\] = "(data:[^"]+)"', re.DOTALL)


def with_first_frames(html: str, alternative: str) -> str:
    """HTML of an output with a picture for each animation whose frames it carries.

    Args:
        html: as code produced it, with its scripts.
        alternative: what the pictures show, for those who cannot see them.
    """
    if NAME not in html:
        return html
    frames = dict(FRAME.findall(html))

    def picture(player: re.Match[str]) -> str:
        frame = frames.get(player[1])
        return f'<img src="{frame}" alt="{escape(alternative)}">' if frame else player[0]

    return PLAYER.sub(picture, html)
