"""What is broken is known before hours of training, not after."""

from data.pictures import DataError, left_out, pictures_in, read_all, read_rgb
from data.segmentation import mask_of, read_pair


def check(folders, skip_corrupt):
    """Reads every picture and CamVid mask of these folders once: what is broken is known before hours of training, not after.

    Raises DataError with the first broken file, or with skip_corrupt leaves its picture out from then on; -> how many are left out.
    """
    for folder in folders:
        masked = (folder / "images").is_dir()

        def broken(path, masked=masked):
            try:
                read_pair(path, mask_of(path)) if masked else read_rgb(path)
            except DataError as error:
                return path, error

        for path, error in filter(None, read_all(pictures_in(folder / "images" if masked else folder), broken)):
            if not skip_corrupt:
                raise DataError(f"{error}; mend it, or leave it out with --skip-corrupt")
            left_out.add(path)
            print(f"left out: {error}", flush=True)
    return len(left_out)
