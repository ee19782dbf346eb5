/** Installed catalogs hold the names and checksums of these migrations: what is released here may never change. */
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { catalogMigrations } from '../../src/catalog/install/catalog-migrations.ts'

test('the catalog migrations keep the names and checksums that installed catalogs hold', () => {
  expect(catalogMigrations.map(({ number, name, checksum }) => [number, name, checksum])).toEqual([
    [1, '0001-tenants', '025318039cc1b9a9871df54285d9fa23dd60712d8a077eae46f07d6943364933'],
    [2, '0002-domains', 'cc11da02d475903e781bc6b1df1ea5134b02e4011ac15352e02b47b4fc618207'],
    [3, '0003-migration-runs', 'c8811e6cd832d7ed3882714e708c91bc02b56441911106056e3bd02a08e5e539'],
  ])
})

test('the checksum of each catalog migration is the SHA-256 of its text', () => {
  for (const { name, checksum, text } of catalogMigrations) {
    expect([name, createHash('sha256').update(text).digest('hex')]).toEqual([name, checksum])
  }
})
