/** What can be evaluated on: folders in the layouts that people have, found under one root. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, relative } from 'node:path'

export interface Labelled {
  readonly kind: 'classify'
  readonly name: string
  readonly items: readonly { readonly picture: string; readonly label: string }[]
}

export interface Masked {
  readonly kind: 'segment'
  readonly name: string
  /** The masks' id for unlabelled pixels; undefined: the one after the last class. */
  readonly voidId?: number
  readonly items: readonly { readonly picture: string; readonly mask: string }[]
}

export type Dataset = Labelled | Masked

const PICTURE = /\.(jpe?g|png|webp)$/i
/** What is evaluated of a data set that has splits. */
const SPLITS = ['test', 'val']
const DEPTH = 3

/**
 * - ImageNet's layout: a folder per class, named by its id; `classIds` are those that the bundle knows. With none, as of a bundle
 *   without a classifier, any folders of pictures named like ImageNet's, for the codec's figures.
 * - CamVid's: images/ and masks/, the mask of a.png being a.png.
 * - PASCAL VOC 2012's: JPEGImages/, SegmentationClass/ and the list ImageSets/Segmentation/val.txt.
 *
 * Of a set with the splits test and val only test is taken; training data never.
 * @throws {Error} names the folder and what was expected in it
 */
export function findDatasets(root: string, classIds: readonly string[]): Dataset[] {
  if (!existsSync(root) || !statSync(root).isDirectory()) throw new Error(`--data ${root}: no such folder`)
  const found: Dataset[] = []
  visit(root, DEPTH)
  if (found.length === 0)
    throw new Error(
      `--data ${root}: no data set found; expected a folder per class (${classIds[0] ?? 'n01440764'} …), images/ and masks/, or JPEGImages/ and SegmentationClass/, at most ${DEPTH} folders down`,
    )
  return found

  function isClass(folder: string): boolean {
    return classIds.length > 0 ? classIds.includes(folder) : /^n\d{8}$/.test(folder)
  }

  function visit(dir: string, depth: number): void {
    const name = relative(root, dir) || basename(root)
    const folders = foldersIn(dir)
    if (folders.includes('JPEGImages') && folders.includes('SegmentationClass')) found.push(voc(dir, name))
    else if (folders.includes('images') && folders.includes('masks')) found.push(camvid(dir, name))
    else if (folders.some(isClass)) found.push(imagenet(dir, name, folders, classIds))
    else if (depth > 0) {
      const split = SPLITS.find((name) => folders.includes(name))
      for (const folder of split ? [split] : folders) visit(join(dir, folder), depth - 1)
    }
  }
}

const foldersIn = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map((entry) => entry.name)
    .filter((name) => statSync(join(dir, name)).isDirectory())
    .sort()

const picturesIn = (dir: string): string[] =>
  readdirSync(dir)
    .filter((name) => PICTURE.test(name))
    .sort()

function imagenet(dir: string, name: string, folders: string[], classIds: readonly string[]): Labelled {
  const strange = classIds.length > 0 && folders.find((folder) => !classIds.includes(folder))
  if (strange) throw new Error(`${join(dir, strange)}: the bundle knows no class of that id`)
  const items = folders.flatMap((label) =>
    picturesIn(join(dir, label)).map((file) => ({ picture: join(dir, label, file), label })),
  )
  return { kind: 'classify', name, items: someOf(items, dir) }
}

function camvid(dir: string, name: string): Masked {
  const items = picturesIn(join(dir, 'images')).map((file) => ({
    picture: join(dir, 'images', file),
    mask: maskOf(join(dir, 'masks'), file),
  }))
  return { kind: 'segment', name, items: someOf(items, join(dir, 'images')) }
}

function voc(dir: string, name: string): Masked {
  const list = join(dir, 'ImageSets', 'Segmentation', 'val.txt')
  if (!existsSync(list)) throw new Error(`${list}: missing, it says which pictures are evaluated`)
  const ids = readFileSync(list, 'utf8').split(/\s+/).filter(Boolean)
  const items = ids.map((id) => ({
    picture: join(dir, 'JPEGImages', `${id}.jpg`),
    mask: maskOf(join(dir, 'SegmentationClass'), id),
  }))
  return { kind: 'segment', name, voidId: 255, items: someOf(items, list) }
}

const maskOf = (dir: string, file: string): string => join(dir, `${file.replace(PICTURE, '')}.png`)

function someOf<T>(items: T[], where: string): T[] {
  if (items.length === 0) throw new Error(`${where}: holds no pictures (.jpg, .png, .webp)`)
  return items
}
