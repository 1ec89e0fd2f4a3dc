/** Hand a file to the rep. */
import { say } from './said';

export async function saveFile(making: File | Promise<File>): Promise<void> {
  const file = await making;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  say(`Saved as ${file.name}`);
}
