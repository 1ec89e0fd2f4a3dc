/** Remove the stored shells, but for the one that is kept. */
export async function dropShells(kept?: string): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== kept).map((name) => caches.delete(name)));
}
