"""Clean, large photographs, which are few: what codecs learn from beside imagenet20-160."""

from data.pictures import pictures_in


def photographs(root, limit):
    """Paths of photos-256 and of CamVid's training frames."""
    return pictures_in(root / "photos-256")[:limit] + pictures_in(root / "camvid" / "train" / "images")[:limit]
