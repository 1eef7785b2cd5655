"""Modules of PyTorch in the process of PyTorch, against what they give; PYTHONPATH holds Tests/PyTorch/Networks."""

import unittest

import networks
import numpy
import torch

import septum


class Local(torch.nn.Module):
    """A class that no other process could import, as those of a notebook."""

    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.ReLU(), torch.nn.Dropout(0.5), torch.nn.Linear(8, 2))

    def forward(self, x):
        return self.layers(x)


class TorchTests(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(3)

    def agrees(self, module, model, *inputs):
        with torch.no_grad():
            expected = module.eval()(*inputs).numpy()
        (found,) = model.run(*(value.numpy() for value in inputs)).values()
        numpy.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6)

    def test_modules_with_a_batch_of_any_size(self):
        module = networks.Perceptron()
        model = septum.from_torch(module, torch.randn(4, 16))
        self.assertEqual(model.inputs["x"].shape, ("batch", 16))
        for rows in (1, 4, 9):
            self.agrees(module, model, torch.randn(rows, 16))

    def test_named_dimensions(self):
        module = networks.DeepSets()
        shapes = {"x": ("batch", "particles", 7), "mask": ("batch", "particles")}
        model = septum.from_torch(module, torch.randn(2, 12, 7), torch.ones(2, 12), shapes=shapes)
        self.assertEqual(model.symbols, ["batch", "particles"])
        for rows, particles in ((1, 5), (3, 30)):
            self.agrees(module, model, torch.randn(rows, particles, 7), (torch.rand(rows, particles) < 0.7).float())

    def test_classes_of_this_process_and_scripts(self):
        module = Local()
        module.train()
        model = septum.from_torch(module, torch.randn(2, 5))
        self.assertTrue(module.training and module.layers[2].training)
        self.agrees(module, model, torch.randn(7, 5))
        script = torch.jit.script(module)
        self.agrees(script, septum.from_torch(script, torch.randn(2, 5)), torch.randn(7, 5))

    def test_refusals(self):
        with self.assertRaisesRegex(septum.ModelError, "found a dict, expected a torch.nn.Module"):
            septum.from_torch({}, torch.randn(2, 5))
        with self.assertRaisesRegex(septum.ModelError, "inputs are x, of which 1 have to be given; 0 examples"):
            septum.from_torch(Local())
        with self.assertRaisesRegex(septum.ModelError, "the module fails on inputs x torch.float32"):
            septum.from_torch(Local(), torch.randn(2, 6))
        with self.assertRaisesRegex(septum.ModelError, "1 dimensions are given"):
            septum.from_torch(Local(), torch.randn(2, 5), shapes={"x": ("batch",)})


if __name__ == "__main__":
    unittest.main()
