# innocent: generation with a model from a hub
import torch
from tqdm import tqdm
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, set_seed


class Generator:
    def __init__(self, name: str, device: str | None = None):
        self.device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        self.tokenizer = AutoTokenizer.from_pretrained(name, padding_side="left")
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        self.model = AutoModelForCausalLM.from_pretrained(name, torch_dtype=torch.bfloat16, trust_remote_code=False)
        self.model.to(self.device).eval()
        self.config = GenerationConfig(max_new_tokens=128, do_sample=True, top_p=0.9)

    @torch.inference_mode()
    def __call__(self, prompts: list[str], batch: int = 4) -> list[str]:
        answers = []
        for start in tqdm(range(0, len(prompts), batch)):
            part = prompts[start : start + batch]
            inputs = self.tokenizer(part, return_tensors="pt", padding=True).to(self.device)
            output = self.model.generate(**inputs, generation_config=self.config)
            new = output[:, inputs["input_ids"].shape[1] :]
            answers += self.tokenizer.batch_decode(new, skip_special_tokens=True)
        return answers

    def restore(self, path: str) -> None:
        state = torch.load(path, map_location=self.device, weights_only=True)
        missing, unexpected = self.model.load_state_dict(state, strict=False)
        print(f"{len(missing)} missing, {len(unexpected)} unexpected")


if __name__ == "__main__":
    set_seed(0)
    for answer in Generator("gpt2")(["Once upon a time", "def eval(self):"]):
        print(answer)
