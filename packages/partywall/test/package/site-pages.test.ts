/** The site shows each page of docs/ once: `npm run docs` refuses another list, and is not run with the tests. */
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { sections } from '../../../../site/pages.ts'

test('the sections of the site list each page of docs/ once', async () => {
  const docs = fileURLToPath(new URL('../../../../docs/', import.meta.url))
  const files = await readdir(docs, { recursive: true })
  const pages = files.filter((file) => file.endsWith('.md')).map((file) => file.slice(0, -'.md'.length))
  expect(sections.flatMap(({ pages: names }) => names).toSorted()).toEqual(pages.toSorted())
})
