/** Examples of a page in docs/, as modules: what a user copies is what a test runs. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

/** The page, and a function that imports the first example in which a text occurs. */
export async function examplePage(path: string) {
  const page = await readFile(join(root, path), 'utf8')
  await mkdir(join(root, '.partywall'), { recursive: true })
  const folder = await mkdtemp(join(root, '.partywall', 'page-example-'))
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function exampleWith(text: string): Promise<any> {
    const example = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!).find((code) => code.includes(text))
    const file = join(folder, `${text.replaceAll(' ', '-')}.ts`)
    await writeFile(file, example!)
    return import(/* @vite-ignore */ file)
  }

  return { page, exampleWith }
}
